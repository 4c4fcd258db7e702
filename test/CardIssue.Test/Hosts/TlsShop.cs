using System.Net;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Center.Sessions;
using CardIssue.Center.Terminals;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.EndToEnd;
using CardIssue.Transport.Tls;
using CardIssue.Testing.Cards.Net;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Test.Hosts;

/// <summary>A center in this process, over TLS, a virtual card behind a TCP reader, and the folder of a terminal: for programs of their own.</summary>
internal sealed class TlsShop : IAsyncDisposable
{
    public const string Terminal = "T-8", Serial = "R-8", Passphrase = "a-passphrase-to-find", Code = "4711";

    private static readonly LineNumber Line = new(8);
    private readonly CancellationTokenSource _stop = new(), _unplug = new();
    private readonly X509Certificate2 _certificate;
    private readonly TlsLineListener _listener;
    private readonly CardServer _cards;
    private readonly Task _serving, _reading;

    private TlsShop(Shop shop)
    {
        Shop = shop;
        var now = DateTimeOffset.UtcNow;
        _certificate = TlsCertificates.CreateSelfSigned("CN=center", now.AddDays(-1), now.AddDays(1));
        _listener = new TlsLineListener(Line, new IPEndPoint(IPAddress.Loopback, 0), _certificate);
        _cards = new CardServer(Slot, 0);
        _serving = new CenterServer(shop.Services).RunAsync([new ServedLine(_listener)], _stop.Token);
        _reading = _cards.RunAsync(_unplug.Token);
    }

    public Shop Shop { get; }

    /// <summary>The terminal's folder, with its module below <c>terminal</c>, and the files <c>pass</c> and <c>code</c>.</summary>
    public TerminalHostProcess Host { get; } = new();

    public CardSlot Slot { get; } = new();

    public string Center => $"127.0.0.1:{_listener.LocalEndPoint.Port}";

    public string Reader => $"tcp:127.0.0.1:{_cards.Port}?serial={Serial}";

    /// <summary>Opens it, with orders O-1, O-2, … of a product in module mode.</summary>
    /// <param name="orders">How many.</param>
    /// <param name="isKnown">Whether the center knows terminal and reader.</param>
    public static async Task<TlsShop> OpenAsync(int orders, bool isKnown = true)
    {
        var shop = new TlsShop(await Shop.OpenAsync());
        var center = shop.Shop.Vault.Identity with { TlsCertificate = TlsCertificates.Sha256(shop._certificate) };
        await File.WriteAllBytesAsync(shop.Host.File("center.json"), center.Write());
        shop.Host.Write("pass", Passphrase);
        shop.Host.Write("code", Code);
        shop.Host.MakeModule(Terminal, shop.Host.File("center.json"), Passphrase);
        for (var i = 1; i <= orders; i++) await shop.Shop.OrderAsync($"O-{i}", EndToEnd.Products.EndToEnd(mode: "module"));
        if (isKnown) await shop.EnrolAsync();
        return shop;
    }

    /// <summary>Makes terminal and reader known.</summary>
    public async Task EnrolAsync(string serial = Serial)
    {
        var terminal = TerminalIdentity.Read(await File.ReadAllBytesAsync(Host.File("terminal/terminal.json")));
        await Shop.Registry.PutAsync(new TerminalRecord(
            terminal.Id, [Line], [IPNetwork.Parse("127.0.0.0/8")], terminal.CredentialKey.Encoded, terminal.AgreementKey.Encoded, terminal.TlsCertificate, terminal.KeyVersion, true));
        await Shop.Registry.SetReadersAsync(terminal.Id, [new ReaderRecord("virtual", null, null, serial, null, [], false)]);
    }

    /// <summary>Ends the center, and with it the lines; twice is harmless.</summary>
    public void EndCenter() => _stop.Cancel();

    /// <summary>Takes the reader away; twice is harmless.</summary>
    public async Task UnplugAsync()
    {
        await _unplug.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _cards.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await UnplugAsync();
        await _listener.DisposeAsync();
        await Shop.DisposeAsync();
        _certificate.Dispose();
        Host.Dispose();
        _stop.Dispose();
        _unplug.Dispose();
    }
}
