"""Hands work in shards to the machines of a Ray cluster, which may die and join, or does it on this one.

Imports `languages` and the modules beside the packages, and knows nothing of images or networks. Ray is imported only
where `TAGWISE_RAY` names a cluster.
"""

from cvcore.cluster.machines import Machine, stage_on
from cvcore.cluster.shards import finished, in_order
from cvcore.cluster.workers import Workers, joined

__all__ = ["Machine", "Workers", "finished", "in_order", "joined", "stage_on"]
