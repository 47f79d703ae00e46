"""What Lex V2's bots need, reviewed by hand. Owns facts only.

A bot with its languages, intents and slots is imported as a whole, for which its maker needs what each part would need.
"""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, passes, tags_by

_PAGE = authorization("amazonlexv2")
_IMPORT = "https://docs.aws.amazon.com/lexv2/latest/dg/security_iam_id-based-policy-examples.html"
_ARN = "arn:{partition}:lex:{region}:{account}:"
_CONTENT = ("BotLocales", "BotFileS3Location")
_TAGS = tags_by("lex:TagResource", "lex:UntagResource", lists="lex:ListTagsForResource")


def _parts(given: str) -> tuple[Call, ...]:
    """What the import of a bot's content asks for."""
    made = ("CreateBotLocale", "CreateIntent", "CreateSlot", "CreateSlotType")
    changed = ("UpdateBotLocale", "UpdateIntent", "UpdateSlot", "UpdateSlotType")
    gone = ("DeleteBotLocale", "DeleteIntent", "DeleteSlot")
    return (
        *(Call(f"lex:{name}", "cu", when=(given,), changed=(given,), source=_IMPORT) for name in made),
        *(
            Call(f"lex:{name}", "u", when=(given,), changed=(given,), source=_IMPORT)
            for name in (*changed, *gone)
        ),
    )


BOT = Reviewed(
    "AWS::Lex::Bot",
    _ARN + "bot/{name}",
    _PAGE,
    (
        Call("lex:CreateUploadUrl", "cu", "*", changed=_CONTENT, source=_IMPORT),
        Call("lex:StartImport", "cu", changed=_CONTENT, source=_IMPORT),
        Call("lex:DescribeImport", "cu", changed=_CONTENT, source=_IMPORT),
        # Every bot gets the alias of its tests with it.
        Call("lex:CreateBot", "c", tagging="sends"),
        Call("lex:CreateBot", "c", _ARN + "bot-alias/{name}/*"),
        *_parts("BotLocales"),
        *_parts("BotFileS3Location"),
        Call(
            "s3:GetObject",
            "cu",
            "arn:{partition}:s3:::{BotFileS3Location.S3Bucket}/{BotFileS3Location.S3ObjectKey}",
            when=("BotFileS3Location",),
            changed=("BotFileS3Location",),
        ),
        passes("RoleArn", "lexv2.amazonaws.com", "cu", changed=("RoleArn",)),
        Call("lex:UpdateBot", "u"),
        Call("lex:DescribeBot", "crud"),
        Call("lex:DescribeBotLocale", "r"),
        Call("lex:ListBotLocales", "r"),
        Call("lex:BuildBotLocale", "cu", when=("AutoBuildBotLocales=true",)),
        Call("lex:DeleteBot", "d"),
        Call("lex:DeleteBot", "d", _ARN + "bot-alias/{name}/*"),
        *_TAGS,
    ),
    tags="BotTags",
)

_BOT = _ARN + "bot/{BotId}"
BOT_VERSION = Reviewed(
    "AWS::Lex::BotVersion",
    _BOT,
    _PAGE,
    (
        Call("lex:CreateBotVersion", "c", _BOT),
        Call("lex:DescribeBotVersion", "crd", _BOT),
        Call("lex:DeleteBotVersion", "d", _BOT),
    ),
    name="BotId",
    tags="",
)

BOT_ALIAS = Reviewed(
    "AWS::Lex::BotAlias",
    # Its physical id is alias and bot in one, of which no path tells the first.
    _ARN + "bot-alias/{BotId}/*",
    _PAGE,
    (
        Call("lex:CreateBotAlias", "c", tagging="sends"),
        Call("lex:DescribeBotAlias", "crd"),
        Call("lex:UpdateBotAlias", "u"),
        Call("lex:DeleteBotAlias", "d"),
        *_TAGS,
    ),
    tags="BotAliasTags",
)

RESOURCE_POLICY = Reviewed(
    "AWS::Lex::ResourcePolicy",
    "{ResourceArn}",
    _PAGE,
    (
        Call("lex:CreateResourcePolicy", "c", "{ResourceArn}"),
        Call("lex:DescribeResourcePolicy", "r", "{ResourceArn}"),
        Call("lex:UpdateResourcePolicy", "u", "{ResourceArn}"),
        Call("lex:DeleteResourcePolicy", "d", "{ResourceArn}"),
    ),
    tags="",
)

TYPES = (BOT, BOT_VERSION, BOT_ALIAS, RESOURCE_POLICY)
