#!/usr/bin/env bash
# Trains the two shipped re-identification networks, on a GPU where there is one, and writes weights/ anew.
#
#   tools/train_shipped.sh MARKET1501 CUHK03_NP OUT [EPOCHS]
#
# MARKET1501 and CUHK03_NP are the data sets' folders. The start and the teacher are Open Model Zoo's networks, by name
# (fetched once) or, where INTEL names a folder with them, from there. A training that was stopped goes on. On two CPU
# cores an epoch of the larger one takes 15 minutes, and 5 epochs were trained; on a GPU take 40 and let all layers learn.
# The exports for CPUs are made too (they need nncf: pip install -c constraints.txt ".[int8]").
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
market=$1 cuhk=$2 out=$3 epochs=${4:-}
python=${PYTHON:-.venv/bin/python}

network() { # the start or teacher of that number
    local name=person-reidentification-retail-$1
    if [ -n "${INTEL:-}" ]; then find "$INTEL" -name "$name.xml" | sort | head -n 1; else echo "$name"; fi
}

learn() { # name, number of the start
    local run=$out/$1 more=()
    if [ -e "$run/state.pt" ]; then
        "$python" -m reidtrack train --resume --out "$run"
        return
    fi
    if [ -n "$epochs" ]; then
        more=("stages=[{epochs: $epochs, size: [256, 128]}]" "model.frozen=[]")
    fi
    "$python" -m reidtrack train --config "configs/train/osnet_${1}_shipped.yaml" --out "$run" \
        --data "market1501=$market" "cuhk03-np=$cuhk" --init "$(network "$2")" \
        --set "distill.teachers=[$(network 0277)]" ${more[@]+"${more[@]}"}
}

learn x1_0 0277
learn x0_25 0288
crops=$out/crops # a hundred of each set, to learn the ranges of activations from
mkdir -p "$crops"
for set in "$market" "$cuhk"; do
    find "$set" -path '*bounding_box_train*' -name '*_c*' -type f | sort | awk 'NR % 60 == 1' | head -n 100 | xargs cp -t "$crops"
done
for name in x1_0 x0_25; do
    "$python" -m tools.ship_weights "$out/$name" --out "weights/osnet_$name.safetensors" \
        --source "reidtrack, tools/train_shipped.sh" --curves "docs/pictures/osnet_${name}_training.png" \
        --data "market1501=$market" "cuhk03-np=$cuhk" --hold-out 75
    "$python" -m reidtrack export "weights/osnet_$name.safetensors" --format openvino --int8 --calibrate "$crops" \
        --out "weights/osnet_${name}_int8_openvino_model" --overwrite
done
"$python" -m tools.weights_sha256
