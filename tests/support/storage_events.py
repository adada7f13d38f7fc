"""Events as storages send them, word for word.

AWS: from its documentation of the message structure, as delivered through SQS. versitygw: taken from 1.8.0 on a NATS
subject. MinIO's are not here: tests listen to the real one.
"""

AWS_PUT = """{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-west-2",\
"eventTime":"1970-01-01T00:00:00.000Z","eventName":"ObjectCreated:Put",\
"userIdentity":{"principalId":"AIDAJDPLRKLG7UEXAMPLE"},"requestParameters":{"sourceIPAddress":"127.0.0.1"},\
"responseElements":{"x-amz-request-id":"C3D13FE58DE4C810",\
"x-amz-id-2":"FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD"},\
"s3":{"s3SchemaVersion":"1.0","configurationId":"testConfigRule","bucket":{"name":"amzn-s3-demo-bucket",\
"ownerIdentity":{"principalId":"A3NL1KOZZKExample"},"arn":"arn:aws:s3:::amzn-s3-demo-bucket"},\
"object":{"key":"HappyFace.jpg","size":1024,"eTag":"d41d8cd98f00b204e9800998ecf8427e",\
"versionId":"096fKKXTRTtl3on89fVO.nfljtsv6qko","sequencer":"0055AED6DCD90281E5"}}}]}"""

AWS_TEST_EVENT = """{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z",\
"Bucket":"amzn-s3-demo-bucket","RequestId":"5582815E1AEA5ADF",\
"HostId":"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE"}"""

_VERSITYGW = """{"Records":[{"eventVersion":"2.2","eventSource":"aws:s3","awsRegion":"us-east-1",\
"eventTime":"2026-11-24T16:19:39Z","eventName":"s3:NAME","userIdentity":{"PrincipalId":"access"},\
"requestParameters":{"sourceIPAddress":"127.0.0.1"},"responseElements":{"x-amz-request-id":"","x-amz-id-2":""},\
"s3":{"s3SchemaVersion":"1.0","configurationId":"webhook-global","bucket":{"name":"uploads",\
"ownerIdentity":{"PrincipalId":"access"},"arn":"arn:aws:s3:::/uploads/KEY"},\
"object":{"key":"KEY","size":SIZE,"eTag":ETAG,"versionId":VERSION,"sequencer":"1"}},\
"glacierEventData":{"restoreEventData":{"lifecycleRestorationExpiryTime":"","lifecycleRestoreStorageClass":""}}}]}"""


def versitygw(name: str, key: str, size: int, etag: str, version: str = "null") -> str:
    """An event of versitygw 1.8.0; ``etag`` and ``version`` are JSON."""
    event = _VERSITYGW.replace("NAME", name).replace("KEY", key).replace("SIZE", str(size))
    return event.replace("ETAG", etag).replace("VERSION", version)


VERSITYGW_PUT = versitygw(
    "ObjectCreated:Put", "01928f5e-7c3a-7d6b-9c55-0f2f6b1d2a11/source", 4, r'"\"bdbd6db1d8cc09a957e86180fda9442a\""'
)
VERSITYGW_ODD_KEY = versitygw(
    "ObjectCreated:Put", r"a b+c%2Fü\u0026x=1/source", 0, r'"\"d41d8cd98f00b204e9800998ecf8427e\""'
)
VERSITYGW_IN_PARTS = versitygw(
    "ObjectCreated:CompleteMultipartUpload", "mp/source", 0, r'"\"9affad555af89da9b0bfcd5e45bc93da-1\""', '""'
)
VERSITYGW_TAGGED = versitygw("ObjectTagging:Put", "mp/source", 0, "null")
VERSITYGW_DELETED = versitygw("ObjectRemoved:Delete", "mp/source", 0, "null")
