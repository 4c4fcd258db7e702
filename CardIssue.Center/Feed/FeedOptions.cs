using CardIssue.Center.Storage;

namespace CardIssue.Center.Feed;

/// <summary>Where the issuer is told by HTTPS, and how patiently.</summary>
public sealed class FeedOptions
{
    /// <summary>Where events are posted to: https, or http on this very machine; empty for none, and then a file has them.</summary>
    public string Url { get; set; } = "";

    /// <summary>
    /// The file with the secret that the issuer knows the center by: a line of 32 characters or more; while it changes two lines, the new one and
    /// the old one. It is read anew for each post. Only its owner may read it.
    /// </summary>
    public string SecretFile { get; set; } = "";

    /// <summary>The file with the certificates (PEM) that the issuer's must come from; empty for those that the system trusts.</summary>
    public string CaFile { get; set; } = "";

    /// <summary>How long one post may take: 1 second to 4 minutes.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause between two tries of a feed that fails: 1 second to 1 hour.</summary>
    public TimeSpan LongestPause { get; set; } = FeedPump.UsualLongestPause;

    /// <summary>Whether events are posted.</summary>
    public bool IsPosted => Url.Length > 0;

    /// <summary>Checks the options.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">One is out of its range.</exception>
    public void Validate() => new OptionCheck<FeedOptions>()
        .That(!IsPosted || IsUrl(Url), $"{nameof(Url)} is an https address without a name, a password and a fragment; http on this machine alone")
        .That(!IsPosted || SecretFile.Length > 0, $"{nameof(SecretFile)} must be named where events are posted")
        .Within(Timeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(4), nameof(Timeout))
        .Within(LongestPause, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), nameof(LongestPause))
        .Done();

    private static bool IsUrl(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.UserInfo.Length == 0 && url.Fragment.Length == 0
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));
}
