from enum import StrEnum


class LimitEditRetentionType0(StrEnum):
    DAYS = "days"
    MONTHS = "months"
    WEEKS = "weeks"
    YEAR = "year"

    def __str__(self) -> str:
        return str(self.value)
