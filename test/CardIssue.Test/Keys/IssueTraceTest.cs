using System.Diagnostics;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Keys;

/// <summary>The trace of an issue, from a description of its own: SHA-256 over 83 71 "CardIssue 1 trace" 58 20 the admission hash, and the number.</summary>
public sealed class IssueTraceTest
{
    private static readonly ByteString Admission = ByteString.FromHex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");

    [Test]
    public void AdmissionAndNumber_MakeTheTrace_AsGiven()
    {
        var context = IssueTrace.ContextOf(Admission, 3);
        Assert.That(
            (context.TraceId.ToHexString(), context.SpanId.ToHexString()), Is.EqualTo(("6dbf0d03efa3b6328de37e2d468f0866", "ea25ad9c3109ad84")));
        Assert.That((context.IsRemote, context.TraceFlags), Is.EqualTo((true, ActivityTraceFlags.Recorded)));
    }

    [Test]
    public void AnotherNumberOrAdmission_IsAnotherTrace()
    {
        var one = IssueTrace.ContextOf(Admission, 1);
        Assert.That(IssueTrace.ContextOf(Admission, 2).TraceId, Is.Not.EqualTo(one.TraceId));
        Assert.That(IssueTrace.ContextOf(ByteString.Own(new byte[32]), 1).TraceId, Is.Not.EqualTo(one.TraceId));
    }
}
