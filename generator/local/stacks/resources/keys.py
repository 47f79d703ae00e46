"""KMS's resources: keys and aliases."""

from __future__ import annotations

from .iam import document
from .provider import Made, Request


class Key:
    simulated = False

    def create(self, request: Request) -> Made:
        kms, properties = request.client("kms"), request.properties
        given = {
            name: properties[name]
            for name in ("Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")
            if name in properties
        }
        if "KeyPolicy" in properties:
            given["Policy"] = document(properties["KeyPolicy"])
        tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in request.tags()]
        key = kms.create_key(**given, **({"Tags": tags} if tags else {}))["KeyMetadata"]
        self._settings(request, key["KeyId"])
        return Made(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})

    def update(self, request: Request) -> Made:
        kms, key = request.client("kms"), request.physical_id
        if request.changed("KeyPolicy"):
            kms.put_key_policy(
                KeyId=key, PolicyName="default", Policy=document(request.properties["KeyPolicy"])
            )
        if request.changed("Description"):
            kms.update_key_description(KeyId=key, Description=request.properties.get("Description", ""))
        self._settings(request, key)
        before = {tag["Key"]: tag["Value"] for tag in request.previous.get("Tags", [])}
        after = {tag["Key"]: tag["Value"] for tag in request.tags()}
        fresh = [{"TagKey": k, "TagValue": v} for k, v in after.items() if before.get(k) != v]
        if fresh:
            kms.tag_resource(KeyId=key, Tags=fresh)
        if gone := [k for k in before if k not in after]:
            kms.untag_resource(KeyId=key, TagKeys=gone)
        return Made(key, dict(request.attributes))

    def delete(self, request: Request) -> None:
        """A key is never gone at once: it waits out its window."""
        request.client("kms").schedule_key_deletion(
            KeyId=request.physical_id,
            PendingWindowInDays=int(request.properties.get("PendingWindowInDays", 30)),
        )

    def _settings(self, request: Request, key: str) -> None:
        kms = request.client("kms")
        if request.changed("EnableKeyRotation"):
            rotates = str(request.properties.get("EnableKeyRotation", False)).lower() == "true"
            (kms.enable_key_rotation if rotates else kms.disable_key_rotation)(KeyId=key)
        if request.changed("Enabled"):
            enabled = str(request.properties.get("Enabled", True)).lower() == "true"
            (kms.enable_key if enabled else kms.disable_key)(KeyId=key)


class Alias:
    simulated = False

    def create(self, request: Request) -> Made:
        name = request.properties["AliasName"]
        request.client("kms").create_alias(AliasName=name, TargetKeyId=request.properties["TargetKeyId"])
        return Made(name)

    def update(self, request: Request) -> Made:
        request.client("kms").update_alias(
            AliasName=request.physical_id, TargetKeyId=request.properties["TargetKeyId"]
        )
        return Made(request.physical_id)

    def delete(self, request: Request) -> None:
        request.client("kms").delete_alias(AliasName=request.physical_id)
