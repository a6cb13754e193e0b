"""The BentoML services: the runner that holds the model, and the classifier that people call.

bentoml serve service.py:svc --reload
"""

import logging
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, cast

import bentoml
import numpy as np
from bentoml.exceptions import ServiceUnavailable
from bentoml.validators import ContentType, DType, Shape

import lean_bento
from credit_risk import __version__
from credit_risk.decision import ArrayAssessment, Assessment, AssessmentBatch
from credit_risk.decision_log import ABOUT_DECISION_ID, DECISION_ID, Recorder, read_log_settings
from credit_risk.form import sample_applications
from credit_risk.model import encoded_applications
from credit_risk.monitoring import DecisionMetrics, publish_reference
from credit_risk.registry import (
    CLASSIFIER,
    RUNNER,
    CreditRiskModel,
    ModelCard,
    configured_form,
    configured_policy,
    counts_decisions,
    language_option,
    load_checked,
    model_tag,
    read_settings,
)
from lean_bento import CSV, JSON, NPY, Flag, LeanService, MicroBatcher, options, query_value

logger = logging.getLogger("bentoml.service")
LABELS = {"version": __version__}

ABOUT_REASONS = "Whether what is not approved comes with its reasons."
REASONS = Flag("reasons", ABOUT_REASONS, otherwise=True)
REASONS_OF_ARRAY = Flag("reasons", ABOUT_REASONS, otherwise=False)

# Named here and not in the shell, so that a bare `bentoml serve` and the bento have it too.
configuration = read_settings(__file__)
batching = configuration.read(RUNNER, "batching", lean_bento.Batching)
form = configured_form(configuration)
LANGUAGE = language_option(configuration, form)
decision_log = read_log_settings(configuration.section(CLASSIFIER, "decision_log"), form)
policy = configured_policy()
credit_risk_model = CreditRiskModel(model_tag(), form, policy)
known_applications = sample_applications(form, 20)

if TYPE_CHECKING:
    from credit_risk.model import EncodedApplications
    from lean_bento import RowBatch, UniqueKeys

    Application = UniqueKeys
    ApplicationBatch = RowBatch[UniqueKeys]
else:
    Application, ApplicationBatch = form.application, form.application_batch
    EncodedApplications = encoded_applications(form)

AnyRows = Shape((-1, len(form.columns)))
RunnerRows = Annotated[np.ndarray, AnyRows, DType("float32"), ContentType(NPY)]
RunnerAnswer = Annotated[np.ndarray, ContentType(NPY)]
batched = bentoml.api(batchable=True, **batching.model_dump())


def check_before_start() -> list[str]:
    """Check the model and the folder of the decision log; say what is served."""
    stored = load_checked(credit_risk_model.resolve(), form, policy)
    publish_reference(stored)
    log = decision_log.prepare() if decision_log else "off"
    return [f"{stored.summary}; decision log {log}", *stored.cautions]


class CreditRiskService(LeanService):
    """A hosted service, with the names that its users know."""

    prefix = "CREDIT_RISK"
    keys_command = "python -m credit_risk.keys"


@bentoml.service(name=RUNNER, service_class=CreditRiskService, labels=LABELS)
class CreditRiskRunner:
    """Holds the model."""

    model = credit_risk_model

    def __init__(self) -> None:
        self._risk_model = load_checked(self.model, form, policy).risk_model

    @batched
    @options(media_types=(NPY,))
    async def predict(self, rows: RunnerRows, /) -> RunnerAnswer:
        """Probability of default of each encoded row."""
        return self._risk_model.predict(rows)

    @batched
    @options(media_types=(NPY,))
    async def explain(self, rows: RunnerRows, /) -> RunnerAnswer:
        """Contribution of each input to the log-odds of default of each encoded row."""
        return self._risk_model.explain(rows)


@bentoml.service(name=CLASSIFIER, service_class=CreditRiskService, labels=LABELS)
class CreditRiskClassifier:
    """Decides on loan applications, by default: APPROVED, MAYBE (a person decides) or DECLINED."""

    runner = bentoml.depends(CreditRiskRunner)
    model = credit_risk_model

    def __init__(self) -> None:
        stored = load_checked(self.model, form, policy)
        self.card, self.report = stored.card, stored.report
        predict = lean_bento.dependency_call(self.runner, "predict")
        explain = lean_bento.dependency_call(self.runner, "explain")
        self._scorer = stored.scorer(predict, explain)
        self.metrics = DecisionMetrics.of(stored, enabled=counts_decisions(configuration))
        scorer = self.metrics.watch(self._scorer)
        self._recorder = Recorder.of(scorer, stored, decision_log) if decision_log else None
        self._decides = self._recorder or scorer
        self._batchers = {
            each: MicroBatcher[Any, Any](
                partial(self._decides.assess, language=each),
                max_batch_size=batching.max_batch_size,
                shared_errors=(ServiceUnavailable,),
            )
            for each in (*LANGUAGE.words, None)
        }

    async def __is_ready__(self) -> bool:
        """Whether a known application is decided on, and decisions can be logged; for `/readyz`.

        The first call warms what a request goes through, before any is let in.
        """
        try:
            await self._scorer.assess(known_applications, language=LANGUAGE.otherwise)
        except Exception:
            logger.exception("Not ready: a known application cannot be decided on")
            return False
        return self._recorder is None or await self._recorder.can_log()

    @bentoml.on_shutdown
    async def answer_accepted_requests(self) -> None:
        """Wait for the calls under way before the worker ends."""
        for batcher in self._batchers.values():
            await batcher.drain()
        self.metrics.write()
        if self._recorder:
            await self._recorder.close()

    @bentoml.api
    @options(query=(LANGUAGE,))
    async def classify(self, application: Application, /) -> Assessment:
        """Decide on one application."""
        pending = self._recorder.accept(application) if self._recorder else application
        (assessment,) = await self._batchers[query_value(LANGUAGE)].submit([pending])
        self.metrics.count("/classify", [assessment["status"]])
        return Assessment.model_validate(assessment)

    @bentoml.api
    @options(query=(REASONS, LANGUAGE), media_types=(JSON, CSV))
    async def classify_batch(self, applications: ApplicationBatch, /) -> AssessmentBatch:
        """Decide on many applications: an array, a DataFrame split by pandas, or CSV with a header.

        The answer has the same length and order; a bad application gets its error in its place.
        With `Accept: text/csv` it is a table, which has the codes of the reasons.
        """
        batcher = self._batchers[query_value(LANGUAGE) if query_value(REASONS) else None]
        pending: list[Any] = applications.good_rows()
        if self._recorder:
            pending = self._recorder.accept_rows(applications.root)
        assessments = await batcher.submit(pending)
        self.metrics.count("/classify_batch", [each["status"] for each in assessments])
        self.metrics.refuse(applications.errors())
        return AssessmentBatch.of(applications.in_place(assessments), applications.lines)

    @bentoml.api
    @options(query=(REASONS_OF_ARRAY, LANGUAGE), media_types=(JSON, NPY))
    async def classify_array(self, applications: EncodedApplications, /) -> ArrayAssessment:
        """Decide on encoded applications.

        (n, columns) float32, the columns of `GET /model` in order: a JSON list of lists with null
        for a missing number, or a `.npy` file.
        """
        language = query_value(LANGUAGE) if query_value(REASONS_OF_ARRAY) else None
        answer = await self._decides.assess_rows(applications.root, language=language)
        self.metrics.count("/classify_array", answer.status)
        return answer


svc = cast("CreditRiskService", CreditRiskClassifier)
svc.before_start = check_before_start
svc.configure(configuration)
svc.on_invalid = lambda it, findings: it.metrics.refuse([findings])
cast("CreditRiskService", CreditRiskRunner).configure(configuration)
if decision_log:
    svc.headers[DECISION_ID] = ABOUT_DECISION_ID
svc.answer_get("/model", ModelCard, lambda it: it.card)
svc.answer_page("/model/report", lambda it: it.report, "The model has no report.")
