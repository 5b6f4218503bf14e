import torch

from self_verify_pose.tools.benchmark.machine import describe_machine


def test_a_cpu_is_described():
    machine = describe_machine(torch.device('cpu'))
    assert list(machine) == ['processor', 'cores', 'torch', 'threads', 'load']
    assert machine['processor']
    assert machine['cores'] >= 1


def test_a_gpu_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'get_device_name', lambda device: 'card')
    assert describe_machine(torch.device('cuda'))['GPU'] == 'card'
