#!/bin/sh
# helm.sh upgrade|uninstall <service> <environment> [<value>=<text> …]
# With helm and a SHOP_CONTEXT it installs the chart of this folder's parent; else it writes the values.
set -eu
. "$(dirname "$0")/common.sh"

if is_installed helm && [ -n "${SHOP_CONTEXT:-}" ]; then
    if [ "$verb" = uninstall ]; then
        exec helm uninstall "$service" --kube-context "$SHOP_CONTEXT" --namespace "$environment" --ignore-not-found
    fi
    count=$#
    for setting in "$@"; do set -- "$@" --set-string "$setting"; done
    shift "$count"
    exec helm upgrade --install "$service" "$(dirname "$0")/../charts/service" --kube-context "$SHOP_CONTEXT" \
        --namespace "$environment" --create-namespace --wait "$@"
fi
case $verb in
    upgrade) for setting in "$@"; do echo "${setting%%=*}: \"${setting#*=}\""; done | stand_in helm ;;
    uninstall) stand_in_removes helm ;;
esac
