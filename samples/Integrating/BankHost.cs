// guide: namespaces of a center
using System.Net;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Center.Feed;
using CardIssue.Center.Hosting;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Sessions;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Tls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
// end

namespace CardIssue.Integrating;

/// <summary>A center in a bank's own program.</summary>
public static class BankHost
{
    // guide: center
    /// <summary>Serves the center that <c>centerhost init</c> made in a directory.</summary>
    public static IHost Build(
        string directory, Func<SecretBytes> passphrase, IPEndPoint listen, IIssuerFeed feed, ILineListener other)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(feed);               // before: what is there already is used
        builder.Services.AddCardIssueCenter(center =>
        {
            center.UseDirectory(directory);                // vault, store, log and checkpoints
            center.Passphrase = passphrase;                // asked when the vault is opened, and wiped after
            center.Sessions.MaxSessions = 200;
            center.FeedPause = TimeSpan.FromMilliseconds(250);
        });
        builder.Services.AddSingleton(services => Certificate(services.GetRequiredService<IKeyVault>()));
        builder.Services.AddCardIssueLine(services => new TlsLineListener(
            new LineNumber(1), listen, services.GetRequiredService<X509Certificate2>(),
            services.GetRequiredService<TerminalDoor>().KnowsAsync));
        builder.Services.AddCardIssueLine(_ => other, withoutTls: true);   // a line of one's own: see there
        builder.Services.AddCardIssueCenterService();      // serves from the host's start to its stop
        return builder.Build();
    }

    /// <summary>What the vault has for the door; terminals know it by its SHA-256.</summary>
    private static X509Certificate2 Certificate(IKeyVault vault)
    {
        using var pkcs12 = ((FileKeyVault)vault).CopyTlsServer();
        return TlsCertificates.FromPfx(pkcs12.Span, []);
    }
    // end

    // guide: orders
    /// <summary>How many orders stand how, and where the one is that a customer asks about.</summary>
    public static async Task<string> LookAsync(IServiceProvider center, string order, CancellationToken cancellation)
    {
        var desk = center.GetRequiredService<IOrderDesk>();
        var counts = await desk.CountAsync(cancellation);
        var one = await desk.GetAsync(new OrderId(order), cancellation);
        var sessions = center.GetRequiredService<CenterServer>().Sessions;
        var issued = counts.GetValueOrDefault(OrderState.Issued);
        return $"{order} is {one?.State}; {issued} issued; {sessions} terminals on line";
    }
    // end

    // guide: people
    /// <summary>Somebody logs in at the bank's own screen, with the account and the roles that the center has.</summary>
    public static async Task<CenterPerson?> LogInAsync(
        IServiceProvider center, string name, SecretBytes password, CancellationToken cancellation)
    {
        var people = center.GetRequiredService<IPeople>();
        var answer = await people.AuthenticateAsync(new PersonName(name), password, "the bank's screen", cancellation);
        return answer is PersonAuthentication.Granted granted ? granted.Person : null;
    }
    // end
}

// guide: feed
/// <summary>Hands what happened to the bank's own queue. If it throws, the same events come again.</summary>
public sealed class BankFeed(Func<FeedEvent, CancellationToken, Task> enqueue) : IIssuerFeed
{
    private readonly HashSet<string> _known = [];

    public async Task TellAsync(IReadOnlyList<FeedEvent> events, CancellationToken cancellation)
    {
        foreach (var told in events)
        {
            if (_known.Contains(told.EventId)) continue;   // at least once; a real one asks its own database
            await enqueue(told, cancellation);
            _known.Add(told.EventId);
        }
    }
}
// end
