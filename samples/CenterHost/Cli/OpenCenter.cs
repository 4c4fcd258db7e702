using CardIssue.Center.Approvals;
using CardIssue.Center.Hosting;
using CardIssue.Center.Issuers;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Programs;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Commands;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
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

    public IPeople People => Stored<IPeople>();

    public IApprovals Approvals => Stored<IApprovals>();

    /// <summary>Who gives the command.</summary>
    public CenterPerson By { get => field ?? throw new InvalidOperationException("Nobody logged in for this command."); private set; }

    public IOrderDesk Desk => Stored<IOrderDesk>();

    public IOrderStore Orders => Stored<IOrderStore>();

    public CenterDatabase Database => Stored<CenterDatabase>();

    /// <summary>What issue codes must be, by the center's settings.</summary>
    public IssueCodeRule IssueCodes => _services.GetRequiredService<IOptions<CenterOptions>>().Value.Orders.GetIssueCodeRule();

    public LogOptions LogOptions => _services.GetRequiredService<IOptions<CenterOptions>>().Value.Log;

    /// <summary>Where checkpoints are exported to; null for nowhere.</summary>
    public string? Checkpoints => LogOptions.CheckpointDirectory is { Length: > 0 } directory ? directory : null;

    public ITerminalRegistry Terminals => Stored<ITerminalRegistry>();

    public IIssuers Issuers => Stored<IIssuers>();

    public IProductStore Products => Stored<IProductStore>();

    public IProgramStore Programs => Stored<IProgramStore>();

    public OrderPreviews Previews => Stored<OrderPreviews>();

    public Center.Feed.FeedPumps Feeds => Stored<Center.Feed.FeedPumps>();

    public IExchangeLog Log => _services.GetRequiredService<IExchangeLog>();

    /// <summary>Asks for the passphrase.</summary>
    public FileKeyVault Vault => (FileKeyVault)_services.GetRequiredService<IKeyVault>();

    /// <summary>Opens the center in a command's directory.</summary>
    /// <param name="call">The command.</param>
    /// <param name="withVault">Whether the vault may be needed; without it the log is only read.</param>
    /// <param name="passphrase">Gives the vault's passphrase; null to ask for it.</param>
    /// <param name="identity">The center's identity from elsewhere; null for the one in the directory.</param>
    /// <param name="former">Its keys that have ended, from elsewhere; null for those in the directory.</param>
    public static OpenCenter In(
        Call call, bool withVault = true, Func<SecretBytes>? passphrase = null, FileInfo? identity = null, IReadOnlyList<FormerCenterKeys>? former = null)
    {
        var center = identity is null ? ReadIdentity(call.Files) : CenterIdentity.Read(InputFile.ReadAll(identity.FullName, 1024 * 1024), identity.FullName);
        var services = new ServiceCollection();
        if (!withVault) services.AddSingleton<ILogKeys>(new PublicLogKeys(center, former ?? call.Files.ReadFormerKeys()));
        services.AddCardIssueCenter(options =>
        {
            Configure(options, call);
            options.Passphrase = passphrase ?? options.Passphrase;
        });
        return new OpenCenter(services.BuildServiceProvider(), center, call.Answers);
    }

    /// <summary>The options of the center in a command's directory: defaults, then its settings file, then the environment.</summary>
    public static void Configure(CenterOptions options, Call call)
    {
        options.UseDirectory(call.Directory);
        var settings = CenterSettings.Load(call.Files);
        settings.GetSection(CenterSettings.Center).Bind(options);
        options.People.Cost = CenterSettings.Cost(settings);
        options.Passphrase = call.ReadPassphrase;
    }

    /// <exception cref="CommandException">The directory holds no center.</exception>
    public static CenterIdentity ReadIdentity(CenterFiles files) => InputFile.IsThere(files.Identity)
        ? CenterIdentity.Read(InputFile.ReadAll(files.Identity, 1024 * 1024), files.Identity)
        : throw new CommandException(ExitCode.File, $"{files.Directory} holds no center; make one with: centerhost init --id NAME --data {files.Directory}");

    /// <summary>Verifies who gives the command, and that the person may.</summary>
    /// <exception cref="CommandException">Not so; the message says what to do.</exception>
    public async Task LogInAsync(Call call, CancellationToken cancellation)
    {
        By = await LogInAsync(call, () => Stored<CenterDatabase>(), () => People, cancellation);
        await CheckIdentityAsync(call.Files, Identity, Vault, cancellation);
    }

    /// <summary>The file beside the store is for terminals and auditors; who the center is, its vault says.</summary>
    /// <exception cref="CommandException">It is another center's, or was changed.</exception>
    public static async Task CheckIdentityAsync(CenterFiles files, CenterIdentity identity, IKeyVault vault, CancellationToken cancellation)
    {
        if (vault.Identity == identity) return;
        // The center changed its certificate or its keys, and this is from before.
        if (vault is FileKeyVault changed && changed.WasIdentity(identity)) await files.WriteIdentityAsync(vault, cancellation);
        else throw new CommandException(ExitCode.File, $"{files.Identity} is not the identity of {files.Vault}; find out who changed it, and put the right file back.");
    }

    /// <summary>Verifies who gives a command at a center that is opened otherwise.</summary>
    /// <param name="call">The command.</param>
    /// <param name="open">Opens the store: what is wrong with it is told before anybody is asked for anything.</param>
    /// <param name="people">Opens the vault.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<CenterPerson> LogInAsync(Call call, Action open, Func<IPeople> people, CancellationToken cancellation)
    {
        var name = call.ReadPerson();
        open();
        if (!await people().AnyAsync(cancellation))
            throw new CommandException(ExitCode.Refused, "This center has no people yet; make the first two with: centerhost person begin --person NAME --person NAME. "
                + "Where it had some, restore the latest backup.");
        using var password = call.ReadPassword(name);
        var person = await people().AuthenticateAsync(name, password, call.Path, cancellation) switch
        {
            PersonAuthentication.Granted granted => granted.Person,
            PersonAuthentication.MustChange => throw new CommandException(ExitCode.Refused, $"This password of {name} is good once: change it with person password, then try again."),
            _ => throw new CommandException(ExitCode.Refused, Denied),
        };
        if (person.Issuer is { } issuer && !CommandRoles.OfIssuer.Contains(call.Path))
            throw new CommandException(ExitCode.Refused, $"{name} may not do this: {call.Path} is for the center's own people, and {name} is one of issuer {issuer}'s.");
        var any = CommandRoles.Needed(call.Path);
        return person.Has(any) ? person : throw new CommandException(ExitCode.Refused, $"{name} may not do this: {call.Path} is for {PersonText.Of(any)}.");
    }

    /// <summary>Which of it, is not told.</summary>
    public const string Denied = "Nobody has this name, or the password is not right, or the account is locked or shut after too many wrong ones; see person list.";

    /// <summary>Whose things a command is about: the issuer's that was named, or whose people its person is one of; null for all.</summary>
    /// <exception cref="CommandException">There is none of the name, or it is another's than the person's.</exception>
    public async Task<IssuerId?> IssuerOfAsync(string? named, CancellationToken cancellation)
    {
        if (named is null) return By.Issuer;
        var issuer = new IssuerId(named);
        if (!By.IsFor(issuer)) throw new CommandException(ExitCode.Refused, $"{By} is one of issuer {By.Issuer}'s people.");
        return (await Issuers.ListAsync(cancellation)).Any(it => it.Issuer == issuer)
            ? issuer : throw new CommandException(ExitCode.Usage, $"There is no issuer {issuer}; see issuer list.");
    }

    /// <summary>Whose each key set is.</summary>
    public async Task<KeySetOwners> OwnersAsync(CancellationToken cancellation) => new(await Issuers.ListAsync(cancellation));

    /// <summary>Keys are for the people of whose they are.</summary>
    /// <exception cref="CommandException">The person is another issuer's.</exception>
    public async Task CheckKeySetAsync(string keySet, CancellationToken cancellation)
    {
        if (!By.IsFor((await OwnersAsync(cancellation)).Of(keySet)))
            throw new CommandException(ExitCode.Refused, $"Key set {keySet} is not issuer {By.Issuer}'s; see issuer list.");
    }

    /// <summary>Keeps in the log what was done at the console beside the store.</summary>
    public Task NoteAsync(string kind, object detail, OrderId? order = null, TerminalId? terminal = null, CancellationToken cancellation = default) =>
        Log.AppendAsync(new LogEntry("console", terminal, null, order, LogDirection.None, 0, kind, Answers.ToJson(detail)), default, cancellation);

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private T Stored<T>() where T : class
    {
        if (!_warned)
        {
            _warned = true;
            Warn().GetAwaiter().GetResult();
        }
        return _services.GetRequiredService<T>();
    }

    private async Task Warn()
    {
        if (_services.GetRequiredService<CenterDatabase>().RestoredFrom is { } from)
            await _answers.WarnAsync($"The store was restored from a copy of {from:u}: its open orders are quarantined; see order list --state quarantined, and order reconcile.");
        else if (await _services.GetRequiredService<IOrderDesk>().PutBackAsync() is { } found)
            await _answers.WarnAsync($"The center was put back to an older copy, found {found.FoundAt:u} by {found.FoundBy}: {found.Quarantined} orders are "
                + "quarantined, and so is what is imported; see order list --state quarantined, order reconcile, and then order settle.");
    }
}
