from enum import StrEnum


class ServerProblem(StrEnum):
    AGENT_REFUSES = "agent_refuses"
    CANNOT_APPLY = "cannot_apply"
    CLUSTER_AWAY = "cluster_away"
    CRASHING = "crashing"
    DISK_FULL = "disk_full"
    DRAINED = "drained"
    IMAGE = "image"
    NODE_AWAY = "node_away"
    NODE_LOST = "node_lost"
    NODE_SHORT = "node_short"
    NODE_STOPPED = "node_stopped"
    NO_NODE = "no_node"
    NO_PLACE = "no_place"
    NO_VOLUME = "no_volume"
    OUT_OF_MEMORY = "out_of_memory"
    PORT_TAKEN = "port_taken"
    PREEMPTED = "preempted"
    QUOTA = "quota"
    REFUSED = "refused"
    SNAPSHOT_GONE = "snapshot_gone"
    STORE_AWAY = "store_away"
    STORE_REFUSED = "store_refused"
    VOLUME_FOREIGN = "volume_foreign"
    VOLUME_LOST = "volume_lost"
    WORLD_DAMAGED = "world_damaged"
    WORLD_INCOMPLETE = "world_incomplete"

    def __str__(self) -> str:
        return str(self.value)
