from __future__ import annotations

from tests.lint.rules.judge import IT, NO_VALUE, faults, one


def test_a_notebook_volume_should_have_a_key_of_the_account() -> None:
    assert list(faults("customer_keys", one("AWS::SageMaker::NotebookInstance", {}))) == [IT]
    assert list(
        faults(
            "customer_keys", one("AWS::SageMaker::Domain", {"KmsKeyId": {"Fn::If": ["Own", "k", NO_VALUE]}})
        )
    ) == [f"{IT}/KmsKeyId/Fn::If/2"]


def test_a_key_in_any_form_passes() -> None:
    assert (
        faults(
            "customer_keys",
            one("AWS::SageMaker::NotebookInstance", {"KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}),
        )
        == {}
    )
    assert faults("customer_keys", one("AWS::SageMaker::FeatureGroup", {"OnlineStoreConfig": {}})) == {}
    offline = {"S3StorageConfig": {"S3Uri": "s3://x", "KmsKeyId": {"Ref": "Key"}}}
    assert faults("customer_keys", one("AWS::SageMaker::FeatureGroup", {"OfflineStoreConfig": offline})) == {}


def test_an_offline_store_without_a_key_is_found() -> None:
    group = one(
        "AWS::SageMaker::FeatureGroup", {"OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "s3://x"}}}
    )
    assert list(faults("customer_keys", group)) == [f"{IT}/OfflineStoreConfig/S3StorageConfig"]
