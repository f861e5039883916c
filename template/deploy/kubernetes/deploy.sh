#!/bin/sh
# deploy.sh OVERLAY IMAGE: migrate with the new image, and roll it out if that went well.
set -eu
usage="usage: deploy.sh OVERLAY IMAGE, e.g. deploy.sh staging registry.example.com/service:1.2.0"
overlay=${1:?$usage} image=${2:?$usage}
here=$(cd "$(dirname "$0")" && pwd)
known=$here/overlays/$overlay/kustomization.yaml
test -f "$known" || { echo "deploy: there is no overlay $overlay" >&2 && exit 2; }

# A colon before the last slash is that of a port.
case ${image##*/} in
    *@*) name=${image%%@*} version="digest: \"${image#*@}\"" ;;
    *:*) name=${image%:*} version="newTag: \"${image##*:}\"" ;;
    *) echo "deploy: $image has neither a tag nor a digest" >&2 && exit 2 ;;
esac

# The overlay, with this image in place of its own.
release=$(mktemp -d "$here/release.XXXXXX")
trap 'rm -rf "$release"' EXIT
own=$(sed -n 's/^ *newName: *"*\([^"]*\)"*$/\1/p' "$known" | head -n 1)
cat > "$release/kustomization.yaml" << END
resources:
  - ../overlays/$overlay
images:
  - name: "$own"
    newName: "$name"
    $version
END
manifests=$release/all.yaml
kubectl kustomize "$release" > "$manifests"
namespace=$(sed -n 's/^namespace: *"*\([^"]*\)"*$/\1/p' "$known")

reasons='{range .items[*].status.containerStatuses[*].state.waiting}{.reason}: {.message}{"\n"}{end}'

run() {
    kubectl --namespace "$namespace" "$@"
}

echo "deploy: settings, and what the project adds"
run apply -f "$manifests" -l 'app.kubernetes.io/name notin (app,worker,beat,migrate)'

echo "deploy: migration"
# A job that is there cannot be changed.
run delete job migrate --ignore-not-found
run apply -f "$manifests" -l app.kubernetes.io/name=migrate
shown=
until run wait --for=condition=complete --timeout=5s job/migrate 2> /dev/null; do
    failed=$(run get job migrate -o 'jsonpath={.status.conditions[?(@.type=="Failed")].status}')
    if [ "$failed" = True ]; then
        run logs job/migrate --tail=50 >&2 || true
        echo "deploy: the migration failed; the old release goes on" >&2
        exit 1
    fi
    # Such as a missing secret, or an image that cannot be pulled.
    waiting=$(run get pods -l app.kubernetes.io/name=migrate -o "jsonpath=$reasons" || true)
    if [ -n "$waiting" ] && [ "$waiting" != "$shown" ]; then
        echo "deploy: the migration waits: $waiting" >&2
    fi
    shown=$waiting
done

echo "deploy: rollout"
run apply -f "$manifests"
run rollout status deployment -l app.kubernetes.io/part-of=service --timeout=15m
