using System.Net;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Feed;

/// <summary>The issuer answered, and did not take the events. They wait, and come again: nothing is ever left out.</summary>
public sealed class FeedRefusedException : CardIssueException
{
    internal FeedRefusedException(HttpStatusCode status) : base(status switch
    {
        HttpStatusCode.Gone => "The issuer says that nobody is told there any more (410): name another address, or none (Center:Feed:Url).",
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"The issuer does not know the center ({(int)status}): compare the secret with his.",
        _ => $"The issuer answered {(int)status}.",
    }, null) => Status = status;

    /// <summary>His answer.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>Whether people must do something: then it is tried at the longest pause at once. RFC 9110 §15.5; 408, 425 and 429 ask to try again.</summary>
    public bool IsLasting => (int)Status is >= 300 and < 500 && (int)Status is not (408 or 425 or 429);
}
