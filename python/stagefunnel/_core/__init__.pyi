from __future__ import annotations
from . import columns
from . import journeys
from . import scan
from . import funnel
from . import stages
from . import sequence
from . import summary
__all__: list[str] = ['columns', 'funnel', 'journeys', 'scan', 'sequence', 'stages', 'summary']
__version__: str = '0.1.0'
