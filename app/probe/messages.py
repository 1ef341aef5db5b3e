"""What a finding and a fix say in English, for REST and the command line. The UI has words of its own for the same codes."""

from collections.abc import Mapping

from app.domain.probes.probe import FixAction
from app.probe import diagnoses

FIXES: dict[FixAction, str] = {
    FixAction.CHANGE_ADDRESS: "Change the address",
    FixAction.DROP_VERSION: "Remove the second version",
    FixAction.ADD_VERSION: "Add /v1",
    FixAction.AT_ROOT: "Try without /v1",
    FixAction.USE_HTTPS: "Use https://",
    FixAction.USE_HTTP: "Use http://",
    FixAction.USE_DOCKER_HOST: "Use the machine around the container",
    FixAction.REPLACE_KEY: "Replace the key",
    FixAction.ADD_KEY: "Add a key",
    FixAction.CHOOSE_MODEL: "Choose a model",
    FixAction.TEST_CHAT: "Test with a chat",
    FixAction.SEND_IN_HEADER: "Send the key in this header",
    FixAction.RAISE_LIMIT: "Wait longer",
    FixAction.APPROVE_LOCAL: "Allow this address and test",
}


def sentence(code: str, values: Mapping[str, object]) -> str:
    """The sentence of a finding with its facts filled in. A fact that is missing reads as "…"; of a finding that is declared no more,
    which an old result may hold, there is its code.

    >>> sentence("host_not_found", {"host": "api.exmaple.com"})
    'The host name api.exmaple.com cannot be found. Check its spelling.'
    """
    finding = diagnoses.find(code)
    return finding.sentence.format_map(_Facts(values)) if finding else code


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"
