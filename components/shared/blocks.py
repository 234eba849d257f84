"""Blocks whose events end in one line, whatever a program sends to them: no trace of Python, no long echo.

gradio tells strangers only of `gr.Error`; everything else ends in a sentence about "the upstream app".
"""

import logging
from typing import Any, Self

import gradio as gr

from app.common.sentences import INTERNAL, sentence

POLL_SECONDS = 0.02
PROGRESS_SECONDS = 0.1  # of Gradio's own bars, of which the page has none
MISFIT = "these values do not fit this endpoint; its parameters are listed under /gradio_api/info"
log = logging.getLogger(__name__)


class AnsweringBlocks(gr.Blocks):
    """A page that answers wrong types and counts of values in words. A ValueError is a sentence for people."""

    def queue(self, *arguments: Any, **named: Any) -> Self:
        """Gradio's queue, which looks for events 50 times a second: its own 1000 take a tenth of a slow core."""
        super().queue(*arguments, **named)
        self._queue.sleep_when_free = POLL_SECONDS
        self._queue.progress_update_sleep_when_free = PROGRESS_SECONDS
        return self

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *rest: Any, **named: Any) -> list[Any]:
        """The values of an event, as its function takes them."""
        if len(inputs) != len(block_fn.inputs):
            raise _error(f"this endpoint takes {len(block_fn.inputs)} values, got {len(inputs)}")
        try:
            processed: list[Any] = await super().preprocess_data(block_fn, inputs, *rest, **named)
        except Exception as error:
            log.debug("values that do not fit", exc_info=error)
            raise _error(MISFIT) from None
        return processed

    async def process_api(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        """One event, or one more answer of it."""
        try:
            answer: dict[str, Any] = await super().process_api(*arguments, **named)
        except gr.Error as error:
            raise _error(error.message) from None
        except ValueError as error:
            raise _error(error) from None
        except Exception as error:
            log.exception("an event broke off")
            raise _error(error if isinstance(error, OSError) else INTERNAL) from None
        return answer


def _error(message: object) -> gr.Error:
    return gr.Error(sentence(message), print_exception=False)
