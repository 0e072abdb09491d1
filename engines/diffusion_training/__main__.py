"""Train a diffusion model without the app: python -m engines.diffusion_training --dataset mnist --out run.zip"""

import sys

from engines.diffusion_training.family import FAMILY
from engines.live_training.headless import main

if __name__ == "__main__":
    sys.exit(main(FAMILY))
