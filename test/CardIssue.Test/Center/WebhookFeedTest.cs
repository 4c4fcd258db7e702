using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using CardIssue.Center.Feed;
using Microsoft.Extensions.Options;

namespace CardIssue.Test.Center;

/// <summary>The issuer is told by HTTPS: each event at least once, in order, whatever he answers, and he can tell who speaks.</summary>
[Parallelizable(ParallelScope.All), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class WebhookFeedTest : IAsyncDisposable
{
    private const string Secret = "a secret of thirty-two characters";

    private StoreBench _bench = null!;

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync();
        await _bench.ImportAsync(_bench.New("o1", "c1"), _bench.New("o2", "c2"));
        await _bench.IssueAsync("o1", StoreBench.Card(1));
        WriteSecret(Secret);
    }

    public async ValueTask DisposeAsync() => await _bench.DisposeAsync();

    [Test]
    public async Task Events_Told_ComeSignedAndInOrder()
    {
        await using var issuer = new IssuerEndpoint();
        await _bench.IssueAsync("o2", StoreBench.Card(2));
        using var feed = Feed(issuer);
        Assert.That(await _bench.Pump(feed).PumpAsync(), Is.EqualTo(2));
        var (signature, body) = issuer.Posts.Single();
        Assert.That(Orders(body), Is.EqualTo(new[] { "issued o1", "issued o2" }));
        var seconds = _bench.Time.GetUtcNow().ToUnixTimeSeconds();
        Assert.That(signature, Is.EqualTo($"t={seconds},v1={Mac(Secret, seconds, body)}"));
        Assert.That(body, Does.Not.Contain("sealed").And.Not.Contain(Secret));
        Assert.That((await _bench.ViewAsync("o1")).IsLive, Is.True);
    }

    [Test]
    public async Task SecretThatChanges_Told_IsSignedWithBoth()
    {
        await using var issuer = new IssuerEndpoint();
        using var feed = Feed(issuer);
        const string Newer = "another secret of 32 characters..";
        WriteSecret($"{Newer}\n{Secret}\n");
        await _bench.Pump(feed).PumpAsync();
        var (signature, body) = issuer.Posts.Single();
        var seconds = _bench.Time.GetUtcNow().ToUnixTimeSeconds();
        Assert.That(signature, Is.EqualTo($"t={seconds},v1={Mac(Newer, seconds, body)},v1={Mac(Secret, seconds, body)}"));
    }

    /// <summary>Refused, gone wrong, cut in the middle of the answer: the same events come again with the same ids, until he takes them.</summary>
    [Test]
    public async Task NotTaken_Told_ComesAgainUntilItIs_AndNothingIsLost()
    {
        await using var issuer = new IssuerEndpoint();
        issuer.Answer(500, 503, null, 404, 301, 200);
        using var feed = Feed(issuer);
        var pump = _bench.Pump(feed);
        for (var i = 0; i < 5; i++)
        {
            Assert.That(async () => await pump.PumpAsync(), Throws.InstanceOf<IOException>(), $"answer {i}");
            Assert.That((await _bench.ViewAsync("o1")).IsLive, Is.False, "until it was told");
        }
        await _bench.IssueAsync("o2", StoreBench.Card(2));
        Assert.That(await pump.PumpAsync(), Is.EqualTo(2));
        Assert.That(issuer.Posts, Has.Count.EqualTo(6));
        Assert.That(issuer.Posts.Select(post => Ids(post.Body)[0]).Distinct().Count(), Is.EqualTo(1));
        Assert.That(Orders(issuer.Posts[^1].Body), Is.EqualTo(new[] { "issued o1", "issued o2" }));
        Assert.That(await pump.BacklogAsync(), Is.Zero);
    }

    [Test]
    public async Task AnswerLost_AndTheCenterStartsAnew_ToldAgainWithTheSameId()
    {
        await using var issuer = new IssuerEndpoint();
        issuer.Answer((int?)null);
        using (var feed = Feed(issuer))
            Assert.That(async () => await _bench.Pump(feed).PumpAsync(), Throws.InstanceOf<IOException>());
        await _bench.RestartAsync();
        using var again = Feed(issuer);
        Assert.That(await _bench.Pump(again).PumpAsync(), Is.EqualTo(1));
        Assert.That(Ids(issuer.Posts[0].Body), Is.EqualTo(Ids(issuer.Posts[1].Body)));
    }

    [Test]
    public async Task SlowIssuer_Told_IsGivenUpByName()
    {
        await using var issuer = new IssuerEndpoint();
        var never = new TaskCompletionSource<int?>();
        issuer.Answers.Enqueue(() => never.Task);
        using var feed = Feed(issuer);
        var telling = _bench.Pump(feed).PumpAsync();
        while (issuer.Posts.Count == 0) await Task.Delay(5);
        _bench.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.That(async () => await telling, Throws.InstanceOf<IOException>().With.Message.EqualTo("The issuer did not answer within 30 seconds."));
        never.SetResult(200);
    }

    [Test]
    public async Task Tls_Told_OnlyToWhoIsTrusted()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=issuer", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var issuer = new IssuerEndpoint(certificate);
        using (var feed = Feed(issuer))
        {
            Assert.That(async () => await _bench.Pump(feed).PumpAsync(),
                Throws.InstanceOf<IOException>().With.Message.StartsWith("The issuer's certificate is not one that is trusted here"));
        }
        Assert.That(issuer.Posts, Is.Empty);
        var trusted = Path.Combine(_bench.Directory, "ca.pem");
        await File.WriteAllTextAsync(trusted, certificate.ExportCertificatePem());
        using var knowing = new WebhookFeed(Options(issuer.Url, trusted), _bench.Time);
        Assert.That(await _bench.Pump(knowing).PumpAsync(), Is.EqualTo(1));
    }

    /// <summary>The pauses double up to the longest, and one who says for good that he takes nothing is asked that seldom at once.</summary>
    [TestCase(500, 1, 64)]
    [TestCase(410, 64, 64)]
    public async Task FailingIssuer_Pumped_IsAskedLessAndLess_AndTheStoreSaysSo(int status, int first, int longest)
    {
        await using var issuer = new IssuerEndpoint();
        issuer.Answer([.. Enumerable.Repeat<int?>(status, 100)]);
        using var feed = Feed(issuer);
        var pump = new FeedPump(_bench.Database, feed, _bench.Time, TimeSpan.FromSeconds(1), longest: TimeSpan.FromSeconds(64));
        using var stop = new CancellationTokenSource();
        var running = pump.RunAsync(stop.Token);
        for (var i = 1; i <= 8; i++)
        {
            while ((await pump.StandingAsync())?.Failures < i || await pump.StandingAsync() is null) await Task.Delay(5);
            var standing = (await pump.StandingAsync())!;
            var pause = (standing.NextTry!.Value - _bench.Time.GetUtcNow()).TotalSeconds;
            var whole = Math.Min(longest, first << (i - 1));
            Assert.That(pause, Is.InRange((whole / 2.0) - 0.01, whole + 0.01), $"failure {i}");
            Assert.That((standing.Failures, standing.Trouble), Is.EqualTo(((long)i, pump.Trouble)));
            await Task.Delay(20);
            _bench.Time.Advance(TimeSpan.FromSeconds(pause + 0.01));
        }
        issuer.Answers.Clear();
        _bench.Time.Advance(TimeSpan.FromSeconds(longest));
        while ((await pump.StandingAsync())!.Failures > 0)
        {
            await Task.Delay(10);
            _bench.Time.Advance(TimeSpan.FromSeconds(longest));
        }
        Assert.That((await pump.StandingAsync())!.Trouble, Is.Null);
        await stop.CancelAsync();
        Assert.That(async () => await running, Throws.InstanceOf<OperationCanceledException>());
    }

    [TestCase("http://issuer.example/events", "s")]
    [TestCase("https://name:word@issuer.example/", "s")]
    [TestCase("ftp://issuer.example/", "s")]
    [TestCase("https://issuer.example/", "")]
    public void Options_ThatAreNotSafe_AreRefused(string url, string secret) =>
        Assert.That(() => new FeedOptions { Url = url, SecretFile = secret }.Validate(), Throws.InstanceOf<OptionsValidationException>());

    [Test]
    public async Task SecretThatIsShortOrOthersMayRead_Told_IsRefusedByName()
    {
        await using var issuer = new IssuerEndpoint();
        using var feed = Feed(issuer);
        WriteSecret("short");
        Assert.That(async () => await _bench.Pump(feed).PumpAsync(), Throws.InstanceOf<IOException>().With.Message.Contains("32 to 256 characters"));
        WriteSecret(Secret);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(SecretFile, UnixFileMode.UserRead | UnixFileMode.GroupRead);
            Assert.That(async () => await _bench.Pump(feed).PumpAsync(), Throws.InstanceOf<IOException>().With.Message.Contains("others may read"));
        }
        Assert.That(issuer.Posts, Is.Empty);
    }

    private string SecretFile => Path.Combine(_bench.Directory, "issuer.secret");

    private void WriteSecret(string text)
    {
        File.WriteAllText(SecretFile, text);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(SecretFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private WebhookFeed Feed(IssuerEndpoint issuer) => new(Options(issuer.Url), _bench.Time);

    private FeedOptions Options(string url, string ca = "") => new() { Url = url, SecretFile = SecretFile, CaFile = ca };

    private static string Mac(string secret, long seconds, string body) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.ASCII.GetBytes(secret), Encoding.UTF8.GetBytes($"{seconds}.{body}")));

    private static string[] Ids(string body) => [.. Events(body).Select(told => told.GetProperty("eventId").GetString()!)];

    private static string[] Orders(string body) => [.. Events(body).Select(told => $"{told.GetProperty("event")} {told.GetProperty("order")}")];

    private static JsonElement.ArrayEnumerator Events(string body) => JsonSerializer.Deserialize<JsonElement>(body).GetProperty("events").EnumerateArray();
}
