from __future__ import annotations
from . import columns
from . import journeys
from . import scan
from . import funnel
from . import stages
from . import sequence
from . import stats
from . import summary
from . import counts
__all__: list[str] = ['columns', 'counts', 'funnel', 'journeys', 'scan', 'sequence', 'stages', 'stats', 'summary']
__version__: str = '0.1.0'
