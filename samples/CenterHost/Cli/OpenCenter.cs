using CardIssue.Center.Hosting;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Keys;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CardIssue.CenterHost.Cli;

/// <summary>A center's parts for one command; each is opened when it is first asked for, so that only what needs the vault asks for its passphrase.</summary>
internal sealed class OpenCenter : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly Answers _answers;
    private bool _warned;

    private OpenCenter(ServiceProvider services, CenterIdentity identity, Answers answers) => (_services, Identity, _answers) = (services, identity, answers);

    public CenterIdentity Identity { get; }

    public IOrderDesk Desk => Stored<IOrderDesk>();

    public IOrderStore Orders => Stored<IOrderStore>();

    public CenterDatabase Database => Stored<CenterDatabase>();

    /// <summary>What issue codes must be, by the center's settings.</summary>
    public IssueCodeRule IssueCodes => _services.GetRequiredService<IOptions<CenterOptions>>().Value.Orders.GetIssueCodeRule();

    public ITerminalRegistry Terminals => Stored<ITerminalRegistry>();

    public IProductStore Products => Stored<IProductStore>();

    public Center.Feed.FeedPump Feed => Stored<Center.Feed.FeedPump>();

    public IExchangeLog Log => _services.GetRequiredService<IExchangeLog>();

    /// <summary>Asks for the passphrase.</summary>
    public FileKeyVault Vault => (FileKeyVault)_services.GetRequiredService<IKeyVault>();

    /// <summary>Opens the center in a command's directory.</summary>
    /// <param name="call">The command.</param>
    /// <param name="withVault">Whether something may be changed, for which the vault is needed.</param>
    /// <param name="identity">The center's identity from elsewhere; null for the one in the directory.</param>
    public static OpenCenter In(Call call, bool withVault, FileInfo? identity = null)
    {
        var center = identity is null ? ReadIdentity(call.Files) : CenterIdentity.Read(InputFile.ReadAll(identity.FullName, 1024 * 1024), identity.FullName);
        var services = new ServiceCollection();
        if (!withVault) services.AddSingleton<ILogKeys>(new PublicLogKeys(center));
        services.AddCardIssueCenter(options => Configure(options, call));
        return new OpenCenter(services.BuildServiceProvider(), center, call.Answers);
    }

    /// <summary>The options of the center in a command's directory: defaults, then its settings file, then the environment.</summary>
    public static void Configure(CenterOptions options, Call call)
    {
        options.UseDirectory(call.Directory);
        CenterSettings.Load(call.Files).GetSection(CenterSettings.Center).Bind(options);
        options.Passphrase = call.ReadPassphrase;
    }

    /// <exception cref="CommandException">The directory holds no center.</exception>
    public static CenterIdentity ReadIdentity(CenterFiles files) => InputFile.IsThere(files.Identity)
        ? CenterIdentity.Read(InputFile.ReadAll(files.Identity, 1024 * 1024), files.Identity)
        : throw new CommandException(ExitCode.File, $"{files.Directory} holds no center; make one with: centerhost init --id NAME --data {files.Directory}");

    /// <summary>Keeps in the log what an operator did at the console.</summary>
    public Task NoteAsync(string kind, object detail, OrderId? order = null, TerminalId? terminal = null, CancellationToken cancellation = default) =>
        Log.AppendAsync(new LogEntry("console", terminal, null, order, LogDirection.None, 0, kind, Answers.ToJson(detail)), default, cancellation);

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private T Stored<T>() where T : class
    {
        if (!_warned && _services.GetRequiredService<CenterDatabase>().RestoredFrom is { } from)
        {
            _answers.WarnAsync($"The store was restored from a copy of {from:u}: its open orders are quarantined; see order list --state quarantined, and order reconcile.").GetAwaiter().GetResult();
        }
        _warned = true;
        return _services.GetRequiredService<T>();
    }
}
