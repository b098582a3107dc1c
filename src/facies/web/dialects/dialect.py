"""What a dialect is: a foreign API, spoken over the same jobs."""

from dataclasses import dataclass

from fastapi import APIRouter

from facies.jobs.job import Job, Status
from facies.web.problems import AnswerProblem


@dataclass(frozen=True)
class Dialect:
    """One foreign API.

    Attributes:
        prefixes: the paths it rules, with everything below them; unknown routes there speak its tongue as well.
        router: its routes.
        answer_problem: how it words what went wrong.
    """

    prefixes: tuple[str, ...]
    router: APIRouter
    answer_problem: AnswerProblem

    def rules(self, path: str) -> bool:
        """Whether `path` is this dialect's."""
        return any(path == prefix or path.startswith(f"{prefix}/") for prefix in self.prefixes)


def error_of(job: Job) -> str | None:
    """Why a job has no result, in a sentence; None while it may still have one. The dialects know no cancelled jobs."""
    return "The job was cancelled." if job.status is Status.CANCELLED else job.error_message
