#!/bin/sh
# How many cameras one GPU follows: run in the root of the repository on a machine with an NVIDIA GPU, with the material
# in SHARED (default ../shared). Pictures are decoded on the GPU where it can, and on its processors where it cannot.
#
#     sh benchmarks/live_gpu.sh [live_gpu.json]
#
# It has not been run yet: no figure of a GPU stands in the documentation until it has.
set -e
SHARED=${SHARED:-../shared}
python -c "import torch; assert torch.cuda.is_available(), 'no GPU that PyTorch can use'; print(torch.cuda.get_device_name())"
python benchmarks/live_capacity.py --shared "$SHARED" --sides ours-gpu --count 4 8 16 32 48 64 --warm 20 --seconds 20 \
    --json "${1:-live_gpu.json}"
