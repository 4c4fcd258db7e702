using System.Diagnostics;
using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>
/// The trace that an issue belongs to (W3C Trace Context), which both ends know without a word on the line: it comes of the admission that
/// they agreed on and of the request's number. So no end can name a trace to the other, and a terminal of any version 1 has one.
/// </summary>
internal static class IssueTrace
{
    private const int TraceLength = 16, SpanLength = 8;

    /// <summary>
    /// What a span of either end is begun under: both are children of one span that nobody records. It counts as sampled, for whoever
    /// samples by parents; whoever samples by the trace's id decides alike at both ends.
    /// </summary>
    /// <param name="admission">The admission hash (<see cref="AdmissionTranscript.Hash"/>), 32 bytes.</param>
    /// <param name="request">The number of the request in its session, from 1.</param>
    public static ActivityContext ContextOf(ByteString admission, int request)
    {
        var hash = SHA256.HashData(new Labelled(ProtocolLabels.Trace).Bytes(admission.Span).Number(request).ToArray()).AsSpan();
        return new ActivityContext(
            ActivityTraceId.CreateFromBytes(hash[..TraceLength]), ActivitySpanId.CreateFromBytes(hash.Slice(TraceLength, SpanLength)),
            ActivityTraceFlags.Recorded, isRemote: true);
    }
}
