"""Description of the machine that a benchmark runs on."""

import os
import platform
import re
from pathlib import Path

import torch


def describe_machine(device: torch.device) -> dict[str, object]:
    """Describe the machine.

    Args:
        device: Device of the networks.

    Returns:
        Processor, number of cores, version and threads of torch, load
        (average number of running processes in the last minute), and the
        GPU if the device is one.
    """
    info = Path('/proc/cpuinfo')
    text = info.read_text() if info.exists() else ''
    processor = re.search(r'^model name\s*:\s*(.*)$', text, re.MULTILINE)
    description: dict[str, object] = {
        'processor': processor[1] if processor else platform.machine(),
        'cores': os.cpu_count(),
        'torch': torch.__version__,
        'threads': torch.get_num_threads(),
        'load': round(os.getloadavg()[0], 2),
    }
    if device.type == 'cuda':
        description['GPU'] = torch.cuda.get_device_name(device)
    return description
