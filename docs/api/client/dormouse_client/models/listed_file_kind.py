from enum import StrEnum


class ListedFileKind(StrEnum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"

    def __str__(self) -> str:
        return str(self.value)
