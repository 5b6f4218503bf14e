#!/usr/bin/env bash
# run_offline_cached_trusthead.sh with the kinematic chain as teacher; it
# needs pytorch-kinematics.
TEACHER=fk exec bash "$(dirname "${BASH_SOURCE[0]}")/run_offline_cached_trusthead.sh" "$@"
