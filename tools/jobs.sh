# Jobs that end with the script that starts them; sourced by the scripts.
#
# A script that gets INT, TERM or HUP stops its job within 4 seconds, calls
# when_stopped, and exits; when_stopped prints what to do.
job=
exec 6>&2 # the output of a job may go elsewhere while its script is stopped

# Run a command, or a function, in a process group of its own, without input.
run_job() {
    local code=0
    set -m
    { set +e && "$@"; } </dev/null 6>&- &
    job=$!
    set +m
    wait "$job" || code=$?
    job=
    return "$code"
}

# End all processes of the job: politely, then by force.
end_job() {
    local tenths=${grace:-40}
    [ -n "$job" ] && kill -TERM -- "-$job" || return 0
    while kill -0 -- "-$job"; do
        sleep 0.1
        tenths=$((tenths - 1))
        if [ "$tenths" = 0 ]; then kill -KILL -- "-$job"; fi
    done
} 2>/dev/null

stop_script() {
    trap '' INT TERM HUP
    end_job
    when_stopped >&6 2>&6
    exit "$1"
}
trap 'stop_script 129' HUP
trap 'stop_script 130' INT
trap 'stop_script 143' TERM
