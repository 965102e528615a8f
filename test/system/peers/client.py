"""A client on the Python package `mcp`: prints all it was told at each URL as one line of JSON."""

import json
import sys

import anyio
from mcp import Client, MCPError
from mcp import types

WATCHED = "test://watched"

told = {}


async def sample(_context, params):
    told["asked"].append(["sampling", params.messages[0].content.text])
    content = types.TextContent(type="text", text="because")
    return types.CreateMessageResult(role="assistant", model="test", content=content)


async def elicit(_context, params):
    told["asked"].append(["elicitation", params.message])
    return types.ElicitResult(action="accept", content={"name": "Ada"})


async def hear(message):
    told["notifications"].append(str(getattr(message, "method", message)))


async def progress(done, total, _message):
    told["steps"].append([done, total])


def content_of(result):
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


async def until_heard(method):
    with anyio.fail_after(10):
        while method not in told["notifications"]:
            await anyio.sleep(0.01)


async def talk(client, results):
    async def call(name, args=None, **more):
        results.append([name, content_of(await client.call_tool(name, args or {}, **more))])

    results.append([client.protocol_version, [tool.name for tool in (await client.list_tools()).tools]])
    results.append(content_of(await client.read_resource(WATCHED)))
    await call("echo", {"message": "héllo \u2028 𝄞"})
    await call("fail")
    try:
        await call("none_such")
    except MCPError as error:
        results.append([error.error.code, error.error.message])
    await call("count", {"to": 5}, progress_callback=progress)
    await call("survey")
    await call("polled")
    if client.protocol_version < "2026":
        await client.subscribe_resource(WATCHED)
        await call("touch")
        await until_heard("notifications/resources/updated")
        await call("change")
        await until_heard("notifications/tools/list_changed")
        await client.unsubscribe_resource(WATCHED)
    else:
        async with client.listen(tools_list_changed=True, resource_subscriptions=[WATCHED]) as changes:
            await call("touch")
            results.append(repr(await anext(changes)))
            await call("change")
            results.append(repr(await anext(changes)))
    with anyio.move_on_after(0.3):
        await call("wait", {"name": "cancelled"})
    await call("echo", {"message": "after all"})


async def main(mode, *urls):
    capabilities = dict(sampling_callback=sample, elicitation_callback=elicit, message_handler=hear)
    for url in urls:
        told.update(results=[], asked=[], notifications=[], steps=[])
        async with Client(url, mode=mode, **capabilities) as client:
            await talk(client, told["results"])
        print(json.dumps(told))


anyio.run(main, *sys.argv[1:])
