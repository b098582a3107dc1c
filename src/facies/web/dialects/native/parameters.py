"""What stands in the paths of the native API, described for its OpenAPI document."""

from typing import Annotated, Final

from fastapi import Path

EXAMPLE_ID: Final = "6f1c9a52-0f8e-4b43-9a0f-2f3f7a1f5a10"

JobId = Annotated[str, Path(description="Of a job, from the answer to its photo.", examples=[EXAMPLE_ID])]
BatchId = Annotated[str, Path(description="Of the jobs of one request.", examples=[EXAMPLE_ID])]
Reference = Annotated[
    str, Path(description="`name@version` of a package, or `name` for the newest.", examples=["coral-bleaching"])
]
Code = Annotated[str, Path(description="From `code` of a problem.", examples=["not_a_photo"])]
Level = Annotated[str, Path(description="Of the pyramid, 0 being one pixel.", examples=["9"])]
TileName = Annotated[str, Path(description="Column and row of the tile.", examples=["0_0.jpg"])]
