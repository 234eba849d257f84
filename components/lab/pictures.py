"""Pictures: the PSNR that is predicted of schedules on recordings; each recording's predictor is made once."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from app.caching.method import ReuseOption
from app.lab.prediction import Predictor, predictor
from app.lab.prediction_fit import scale_for
from app.lab.recording import Recording

KEPT = 64


@dataclass
class Pictures:
    """Predictors of the recordings asked for last."""

    lock: Lock = field(default_factory=Lock)
    _predictors: OrderedDict[int, Predictor] = field(default_factory=OrderedDict)

    def predicted(
        self, recording: Recording, computed: Sequence[int], reuse: ReuseOption
    ) -> dict[str, float | None]:
        """The PSNR of a schedule and its uncertainty, both in dB; none where the recording keeps no velocities."""
        if recording.velocities is None:
            return {"db": None, "db_off": None}
        predicting = self.of(recording)
        with self.lock:
            found = float(predicting.db([computed], reuse)[0])
        return {"db": found, "db_off": predicting.scale.uncertainty_db}

    def of(self, recording: Recording) -> Predictor:
        """The recording's predictor; a ValueError where it keeps no velocities."""
        with self.lock:
            predicting = self._predictors.get(id(recording))
            if predicting is None or predicting.recording is not recording:
                predicting = predictor(recording, scale_for(recording.model))
                self._predictors[id(recording)] = predicting
                while len(self._predictors) > KEPT:
                    self._predictors.popitem(last=False)
            return predicting
