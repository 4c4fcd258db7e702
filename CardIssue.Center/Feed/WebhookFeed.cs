using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Feed;

/// <summary>
/// Posts events to the issuer over HTTPS: <c>{"events":[…]}</c> in their order, at most 100 at once, and none before those
/// that came before it were answered with 2xx. Each post carries <see cref="Signature"/>. An answer that is lost brings the same events again, with
/// the same ids.
/// </summary>
public sealed class WebhookFeed : IIssuerFeed, IDisposable
{
    /// <summary>
    /// The header by which the issuer knows that the center speaks: <c>t=SECONDS,v1=HEX</c>, HMAC-SHA256 under the secret over the seconds since 1970
    /// in decimal, a full stop and the body; a second <c>v1</c> while the secret changes. He refuses what is minutes old.
    /// </summary>
    public const string Signature = "CardIssue-Signature";

    private const int LeastSecret = 32, MostSecret = 256, MostSecrets = 2;

    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(10);

    private readonly FeedOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;

    /// <summary>Posts to where the options say.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range.</exception>
    /// <exception cref="IOException">The file of certificates can't be read.</exception>
    public WebhookFeed(FeedOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        if (!options.IsPosted) throw new ArgumentException("There is no address to post to.", nameof(options));
        (_options, _time) = (options, time);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = ConnectionLife,
            ConnectTimeout = options.Timeout,
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateChainPolicy = options.CaFile.Length > 0 ? Trusting(options.CaFile) : null,
            },
        };
        // The time is kept here: it is this service's clock, and what is slow gets a name.
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <inheritdoc/>
    /// <exception cref="FeedRefusedException">The issuer answered otherwise than 2xx.</exception>
    public async Task TellAsync(IReadOnlyList<FeedEvent> events, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(events);
        var body = Body(events);
        using var post = new HttpRequestMessage(HttpMethod.Post, _options.Url) { Content = new ByteArrayContent(body) };
        post.Content.Headers.ContentType = new("application/json") { CharSet = "utf-8" };
        post.Headers.Add(Signature, Sign(body));
        using var slow = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, slow.Token);
        try
        {
            using var answer = await _client.SendAsync(post, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            if (!answer.IsSuccessStatusCode) throw new FeedRefusedException(answer.StatusCode);
        }
        catch (HttpRequestException error)
        {
            var tls = error.InnerException is AuthenticationException;
            throw new IOException(tls
                ? $"The issuer's certificate is not one that is trusted here: {error.InnerException!.Message}"
                : $"The issuer was not reached: {(error.InnerException ?? error).Message}", error);
        }
        catch (OperationCanceledException error) when (slow.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new IOException($"The issuer did not answer within {_options.Timeout.TotalSeconds:0} seconds.", error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>Reads the secret, so that what is wrong with it is told before there is anything to sign.</summary>
    /// <exception cref="IOException">It can't be read, others may read it, or it is none.</exception>
    internal void CheckSecret()
    {
        foreach (var secret in Secrets()) secret.Dispose();
    }

    private static byte[] Body(IReadOnlyList<FeedEvent> events)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartArray("events");
            foreach (var told in events) FeedEventJson.Write(json, told);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return body.ToArray();
    }

    private string Sign(byte[] body)
    {
        var seconds = _time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.ASCII.GetBytes($"{seconds}."), .. body];
        var text = new StringBuilder($"t={seconds}");
        foreach (var secret in Secrets())
            using (secret) text.Append(",v1=").Append(Convert.ToHexStringLower(HMACSHA256.HashData(secret.Span, signed)));
        return text.ToString();
    }

    private List<SecretBytes> Secrets()
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(_options.SecretFile) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
            throw new IOException($"{_options.SecretFile}: others may read the secret; make it its owner's alone (chmod 600).");
        var bytes = File.ReadAllBytes(_options.SecretFile);
        var secrets = new List<SecretBytes>();
        foreach (var range in bytes.AsSpan().Split((byte)'\n'))
        {
            var line = bytes.AsSpan(range).Trim(" \r\t"u8);
            if (!line.IsEmpty) secrets.Add(SecretBytes.Copy(line));
        }
        CryptographicOperations.ZeroMemory(bytes);
        return secrets.Count is > 0 and <= MostSecrets && secrets.TrueForAll(secret => secret.Length is >= LeastSecret and <= MostSecret)
            ? secrets
            : throw new IOException($"{_options.SecretFile}: a secret has {LeastSecret} to {MostSecret} characters, and there are 1 to {MostSecrets}, a line each.");
    }

    private static X509ChainPolicy Trusting(string path)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(path);
        }
        catch (CryptographicException error)
        {
            throw new IOException($"{path}: there are no certificates in it (PEM).", error);
        }
        return policy.CustomTrustStore.Count > 0 ? policy : throw new IOException($"{path}: there are no certificates in it (PEM).");
    }
}
