"""Trust for files of predictions, with numpy and scikit-learn alone."""

from .persons import PredictedPersons
from .posthoc_trust import PosthocTrust

__all__ = ['PosthocTrust', 'PredictedPersons']
