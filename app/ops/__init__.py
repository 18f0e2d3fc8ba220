"""Operations: health, limits, logging, security headers."""
