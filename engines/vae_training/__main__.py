"""Train a VAE without the app: python -m engines.vae_training --help"""

import sys
from functools import partial

from engines.live_training import headless
from engines.vae_training.family import FAMILY

main = partial(headless.main, FAMILY)

if __name__ == "__main__":
    sys.exit(main())
