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

# Number, state, parent and group of each process.
processes() {
    local path line fields
    for path in /proc/[0-9]*/stat; do
        read -r line <"$path" || continue
        read -r -a fields <<<"${line##*) }"
        path=${path#/proc/}
        echo "${path%/stat} ${fields[*]:0:3}"
    done
}

# Process groups of a process and of all that it has started, such as the
# workers of torchrun, which lead groups of their own.
groups_of() {
    local pid parent group
    while read -r pid _ parent group; do
        [ "$parent" = "$1" ] || continue
        echo "$group"
        groups_of "$pid"
    done < <(processes)
}

# Whether a process of these groups runs, and has not merely left its entry.
still_run() {
    local state group
    while read -r _ state _ group; do
        case " $* " in
        *" $group "*) [ "$state" = Z ] || return 0 ;;
        esac
    done < <(processes)
    return 1
}

# End all processes of the job: politely, then by force.
end_job() {
    local tenths=${grace:-40} groups
    [ -n "$job" ] || return 0
    mapfile -t groups < <({ echo "$job" && groups_of "$job"; } | sort -u)
    # torchrun would report the end of its workers with a traceback
    if [ "${#groups[@]}" -gt 1 ]; then kill -KILL -- "-$job"; fi
    kill -TERM -- "${groups[@]/#/-}"
    while still_run "${groups[@]}"; do
        sleep 0.1
        tenths=$((tenths - 1))
        if [ "$tenths" = 0 ]; then kill -KILL -- "${groups[@]/#/-}"; fi
    done
}

stop_script() {
    trap '' INT TERM HUP
    exec 2>/dev/null # where Bash reports a job that was killed
    end_job
    wait "$job" || true
    when_stopped >&6 2>&6
    exit "$1"
}
trap 'stop_script 129' HUP
trap 'stop_script 130' INT
trap 'stop_script 143' TERM
