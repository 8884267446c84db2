"""``python -m sklearn_sedzoo`` is ``sedzoo``."""

import sys

from sklearn_sedzoo.cli import main

if __name__ == "__main__":
    sys.exit(main())
