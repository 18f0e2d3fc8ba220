"""The trial of a release: settings and application are loaded from the disk in a process of its own."""

import subprocess
import sys

TRIAL_SECONDS = 60.0


class Trial:
    """A worker that can't load the release would end the whole server; a trial only ends itself."""

    def __init__(self, folder: str) -> None:
        """`folder` is where the server was started."""
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._is_cancelled = False

    def run(self) -> str:
        """What went wrong, or "". The calling process waits meanwhile, the workers do not."""
        argv = [sys.executable, "-m", "gunicorn", *sys.argv[1:], "--check-config"]
        try:
            process = subprocess.Popen(  # noqa: S603 - as this process was started
                argv,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
        except OSError as error:
            return f"the release could not be tried: {error}"
        with process:
            self._process = process
            if self._is_cancelled:  # before there was a process to kill
                process.kill()
            return self._wait(process)

    def _wait(self, process: "subprocess.Popen[str]") -> str:
        try:
            output = process.communicate(timeout=TRIAL_SECONDS)[1].strip()
        except subprocess.TimeoutExpired:
            process.kill()
            return f"the release was not loaded within {TRIAL_SECONDS:g} s"
        if process.returncode == 0:
            return ""
        return output or f"the trial of the release ended with {process.returncode}"

    def cancel(self) -> None:
        """May be called in a signal handler, while `run` waits."""
        self._is_cancelled = True
        if self._process is not None:
            self._process.kill()
