"""Ready-made code for whoever gets a key. `{key}` is filled in by the browser alone."""

from app.domain.actor import Scope


def snippets(address: str, model: str, scope: Scope) -> tuple[str, str, str]:
    """(Python, JavaScript, curl) for this address of ours; a key that cannot call models gets curl only."""
    if scope is not Scope.GATEWAY:
        return "", "", f'curl {address}/api/v1/providers \\\n  -H "Authorization: Bearer {{key}}"\n'
    python = f'''from openai import OpenAI

client = OpenAI(base_url="{address}/v1", api_key="{{key}}")
answer = client.chat.completions.create(
    model="{model}",
    messages=[{{"role": "user", "content": "Say hello."}}],
)
print(answer.choices[0].message.content)
'''
    javascript = f'''import OpenAI from "openai";

const client = new OpenAI({{ baseURL: "{address}/v1", apiKey: "{{key}}" }});
const answer = await client.chat.completions.create({{
  model: "{model}",
  messages: [{{ role: "user", content: "Say hello." }}],
}});
console.log(answer.choices[0].message.content);
'''
    curl = f'''curl {address}/v1/chat/completions \\
  -H "Authorization: Bearer {{key}}" \\
  -H "Content-Type: application/json" \\
  -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Say hello."}}]}}'
'''
    return python, javascript, curl
