# Waits until `cargo xtask` has ended, then ends what it left and removes the
# folder named by the first argument. Standard input is a pipe from it: a line
# `worker PID` or `server PID` for each process group it started.

trap '' HUP INT TERM
folder=$1
worker=
server=

while read -r role pid; do
    case $role in
        worker) worker=$pid ;;
        server) server=$pid ;;
    esac
done

send() { # SIGNAL PID: to the whole group, if there is one
    [ -z "$2" ] || kill -s "$1" -- "-$2" 2>/dev/null
}

gone() { # PID: true if nothing of its group is left
    [ -z "$1" ] || ! kill -s 0 -- "-$1" 2>/dev/null
}

finish() { # SIGNAL PID: asks, waits up to 10 seconds, then insists
    send "$1" "$2"
    tries=200
    while [ "$tries" -gt 0 ] && ! gone "$2"; do
        sleep 0.05
        tries=$((tries - 1))
    done
    send KILL "$2"
}

finish TERM "$worker"
finish QUIT "$server" # PostgreSQL's immediate shutdown: the data are thrown away
rm -rf -- "$folder"
