# What the tools share. Read by them, not executed.
#
#   SHOP_STAND_IN=1       uses the stand-ins even where the tools are installed
#   SHOP_CONTEXT=<name>   the context of kubectl and helm to deploy to; without it their stand-ins are used, so that nobody
#                         deploys the example to whatever cluster happens to be the current one
#
# A stand-in changes nothing but files: what would have been applied is written to .applied/<tool>/<environment>/<service>
# at the root of the repository (also for releases of older commits, which run in git worktrees).

verb=$1
service=$2
environment=$3
shift 3
applied="$(dirname "$(git rev-parse --path-format=absolute --git-common-dir)")/.applied"

is_installed() {
    [ -z "${SHOP_STAND_IN:-}" ] && command -v "$1" >/dev/null
}

# Writes standard input as what was applied. The rename makes that one step for whoever looks.
stand_in() {
    folder="$applied/$1/$environment"
    mkdir -p "$folder"
    cat >"$folder/.$service"
    mv "$folder/.$service" "$folder/$service"
    echo "$1 is not used: see .applied/$1/$environment/$service"
}

stand_in_removes() {
    rm -f "$applied/$1/$environment/$service"
    echo "$1 is not used: .applied/$1/$environment/$service is gone"
}
