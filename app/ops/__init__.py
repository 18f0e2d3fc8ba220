"""Operations: health, metrics, the view of the whole cluster, logging, the limit on open files."""
