"""Every error the assistant raises, as one tree.

::

    SaferSleepError
    ├── SettingsError            a setting is missing or unusable
    ├── GuidanceError            a guidance file is wrong (names file, statement, field)
    ├── UnderstandingError       a component of the NLU pipeline cannot work
    │   └── WeightsError         encoder weights are missing or not the expected ones
    ├── RecordError              the record could not do what was asked
    │   ├── StoreUnavailable     the database is down, locked, full or too slow
    │   └── UnknownSession       no such conversation session
    ├── ModelError               no trained model, or it cannot be loaded
    └── RequestError             an HTTP request that cannot be served
        ├── BadRequest           400: malformed body, wrong type
        ├── NotAuthorised        401: no valid token
        ├── Forbidden            403: valid token, not allowed
        ├── NotFound             404: nothing of that name for this caller
        └── TooManyRequests      429: wait before sending again

Foreign exceptions are turned into these in one place each: the record's unit of
work (SQLAlchemy), the guidance loader (YAML, pydantic), the encoder (ONNX) and the
portal's handler (JSON, JWT).
"""

from __future__ import annotations


class SaferSleepError(Exception):
    """Base of every error of ours. ``str(error)`` never holds a person's words."""


class SettingsError(SaferSleepError):
    """A setting is missing or cannot be used; the message names the setting."""


class GuidanceError(SaferSleepError):
    """A guidance file is wrong; the message names file, statement and field."""


class UnderstandingError(SaferSleepError):
    """A component of the understanding pipeline cannot be built or used."""


class WeightsError(UnderstandingError):
    """The encoder's weights are missing, or their SHA-256 is not the expected one."""


class RecordError(SaferSleepError):
    """The record could not do what was asked."""


class StoreUnavailable(RecordError):
    """The database is down, locked, full or too slow; nothing was committed."""


class UnknownSession(RecordError):
    """There is no session with that id, or it has expired."""


class ModelError(SaferSleepError):
    """There is no trained model, or it cannot be loaded."""


class RequestError(SaferSleepError):
    """An HTTP request that cannot be served.

    Attributes:
        status: the HTTP status code.
        code: a short stable word for programs.
    """

    status = 400
    code = "request"


class BadRequest(RequestError):
    """The body is malformed or a field has the wrong type or length."""

    status = 400
    code = "bad_request"


class NotAuthorised(RequestError):
    """There is no valid token."""

    status = 401
    code = "not_authorised"


class Forbidden(RequestError):
    """The token is valid and does not allow this."""

    status = 403
    code = "forbidden"


class NotFound(RequestError):
    """Nothing of that name exists for this caller."""

    status = 404
    code = "not_found"


class TooManyRequests(RequestError):
    """Too many requests in a short time."""

    status = 429
    code = "too_many_requests"
