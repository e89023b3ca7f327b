#!/bin/sh
# kubectl.sh apply|delete <service> <environment> [<value>=<text> …], in the folder of the service.
# The values take the place of {{name}} in manifest.yaml. With kubectl and a SHOP_CONTEXT the result is applied; else it is
# written.
set -eu
. "$(dirname "$0")/common.sh"

manifest() {
    script="s|{{environment}}|$environment|g"
    for setting in "$@"; do
        script="$script;s|{{${setting%%=*}}}|${setting#*=}|g"
    done
    sed "$script" manifest.yaml
}

if is_installed kubectl && [ -n "${SHOP_CONTEXT:-}" ]; then
    case $verb in
        apply)
            printf '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "%s"}}' "$environment" |
                kubectl --context "$SHOP_CONTEXT" apply -f -
            manifest "$@" | kubectl --context "$SHOP_CONTEXT" apply -f -
            ;;
        delete) manifest "$@" | kubectl --context "$SHOP_CONTEXT" delete --ignore-not-found -f - ;;
    esac
else
    case $verb in
        apply) manifest "$@" | stand_in kubectl ;;
        delete) stand_in_removes kubectl ;;
    esac
fi
