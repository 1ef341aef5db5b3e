"""A preset: shipped, read-only description of a known vendor (`presets/*.toml`)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.domain.providers.capabilities import Capabilities
from app.domain.providers.provider import ProviderType


class Fingerprint(BaseModel):
    """How a local server shows what it is: the answer of GET `path` (below its origin, without a key) fits `pattern`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9/_.-]*$")]  #: Path below the origin that is asked (GET).
    #: Regular expression that the answer fits.
    pattern: str  # a regular expression


class Preset(BaseModel):
    """One vendor. `id` is the file's name. Order in the gallery: local first, then `rank`, then label."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str  #: ID of the known provider.
    label: str  #: Name that people see.
    type: ProviderType  #: Protocol it speaks.
    #: Address of its interface; parts in braces are to be filled in.
    base_url: str  # may hold {placeholders} to be replaced; without a path the API lies at the root of the host
    auth_type: str  #: Authentication it usually takes.
    #: Every authentication it takes.
    auth_types: list[str] = []  # the ones that make sense here; the first is `auth_type`
    #: Whether it runs on the own network.
    local: bool = False  # runs on the reader's own machine or network
    #: Ports on which it usually listens.
    ports: list[Annotated[int, Field(ge=1, le=65_535)]] = []  # where it may listen beside the port of `base_url`
    #: How a local server shows what it is; null = it cannot be told.
    fingerprint: Fingerprint | None = None  # by which a search on the own network recognises it
    description: str = ""  #: What it is, in one sentence.
    #: Language → the sentence in that language.
    description_in: dict[str, str] = {}  # language → the same sentence
    #: Page on which keys are created, "" where there is none.
    key_url: str = ""  # where to get a key
    docs_url: str = ""  #: Page of its documentation, "" where there is none.
    #: What its keys begin with.
    key_prefixes: list[str] = []  # of this vendor's keys, for the wrong-vendor warning
    #: Environment variables that usually hold its key.
    env_names: list[str] = []  # environment variables in which its key is usually kept, for what is pasted
    #: Path that is asked (GET) to prove a key, "" where there is none.
    key_check: str = ""  # path below base_url that proves the key where the model list is public
    #: How it lists its models.
    model_list: Literal["openai", "array", "none"] = "openai"  # "none": there is none, or it does not say what can be called
    #: Whether the list needs no key.
    model_list_public: bool = False  # answered without a key, so it proves none
    #: Models to suggest.
    models: list[str] = []  # recommended identifiers, best first; for vendors that do not list theirs
    #: Models that a test asks first.
    test_models: list[str] = []  # small chat models to prefer in a test
    rank: int = 100  #: Place in the gallery, the lowest first.
    #: What it can do.
    capabilities: Capabilities = Capabilities()  # a table, at the end of the file
    #: Logo as SVG, "" where there is none.
    logo: str = ""  # one of app/_frontend/build/client/logos, without .svg; "" = initials
