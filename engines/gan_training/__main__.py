"""Train a GAN without the app: python -m engines.gan_training --help"""

import sys
from functools import partial

from engines.gan_training.family import FAMILY
from engines.live_training import headless

main = partial(headless.main, FAMILY)

if __name__ == "__main__":
    sys.exit(main())
