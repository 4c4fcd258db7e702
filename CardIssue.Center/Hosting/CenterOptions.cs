using CardIssue.Center.Feed;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Primitives;
using Microsoft.Extensions.Options;

namespace CardIssue.Center.Hosting;

/// <summary>All settings of a center, checked together before anything is opened.</summary>
public sealed class CenterOptions
{
    /// <summary>This host's name among all hosts of the center, by <see cref="NameRule"/>; also the name of its chain in the log.</summary>
    public string Host { get; set; } = "center";

    /// <summary>The vault's file. Not used where the application registers an <see cref="Vault.IKeyVault"/> of its own.</summary>
    public string VaultFile { get; set; } = "vault.json";

    /// <summary>Gives the passphrase of <see cref="VaultFile"/>, UTF-8, when the vault is first needed; it is zeroed after use. Never from a configuration.</summary>
    public Func<SecretBytes>? Passphrase { get; set; }

    /// <summary>The store's file.</summary>
    public StoreOptions Store { get; set; } = new();

    /// <summary>The log's file. Its <see cref="LogOptions.Instance"/> is <see cref="Host"/>.</summary>
    public LogOptions Log { get; set; } = new();

    /// <summary>Limits and times of orders.</summary>
    public OrderOptions Orders { get; set; } = new();

    /// <summary>Limits and times of people's accounts and of what they approve.</summary>
    public PeopleOptions People { get; set; } = new();

    /// <summary>How many refused attempts at access are logged one by one.</summary>
    public AdmissionOptions Admission { get; set; } = new();

    /// <summary>Times and caps of sessions.</summary>
    public CenterSessionOptions Sessions { get; set; } = new();

    /// <summary>Where the issuer's feed goes, one JSON object a line. Not used where the application registers an <see cref="IIssuerFeed"/> of its own.</summary>
    public string FeedFile { get; set; } = "feed.jsonl";

    /// <summary>Where the issuer is told by HTTPS instead; not used where the application registers an <see cref="IIssuerFeed"/> of its own.</summary>
    public FeedOptions Feed { get; set; } = new();

    /// <summary>
    /// Where each issuer of a center with several is told, by the issuer's name. One who is not named here has a file beside
    /// <see cref="FeedFile"/>, which is for the center's own events then: feed.NAME.jsonl. Not used where the application registers an
    /// <see cref="IIssuerFeed"/> under the issuer's name as its key.
    /// </summary>
    public Dictionary<string, FeedOptions> IssuerFeeds { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>How often the feed looks for events: 10 ms to 10 minutes.</summary>
    public TimeSpan FeedPause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Puts every file below one directory.</summary>
    /// <param name="directory">The directory; it need not be there.</param>
    public void UseDirectory(string directory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        VaultFile = Path.Combine(directory, "vault.json");
        FeedFile = Path.Combine(directory, "feed.jsonl");
        Store.Directory = directory;
        Log.Directory = Path.Combine(directory, "log");
        Log.CheckpointDirectory = Path.Combine(directory, "checkpoints");
    }
}

/// <summary>Checks the parts and tells all that is wrong at once.</summary>
internal sealed class CenterOptionsValidation : IValidateOptions<CenterOptions>
{
    public ValidateOptionsResult Validate(string? name, CenterOptions options)
    {
        var failures = new List<string>();
        Check(() => new OptionCheck<CenterOptions>()
            .That(NameRule.Accepts(options.Host), $"{nameof(options.Host)} is 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -")
            .That(options.VaultFile.Length > 0, $"{nameof(options.VaultFile)} must be named")
            .That(options.FeedFile.Length > 0, $"{nameof(options.FeedFile)} must be named")
            .Within(options.FeedPause, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10), nameof(options.FeedPause))
            .Done(), failures);
        Check(options.Store.Validate, failures);
        Check(options.Log.Validate, failures);
        Check(options.Orders.Validate, failures);
        Check(options.People.Validate, failures);
        Check(options.Admission.Validate, failures);
        Check(options.Sessions.Validate, failures);
        Check(options.Feed.Validate, failures);
        foreach (var feed in options.IssuerFeeds.Values) Check(feed.Validate, failures);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static void Check(Action validate, List<string> failures)
    {
        try
        {
            validate();
        }
        catch (OptionsValidationException e)
        {
            failures.AddRange(e.Failures);
        }
        catch (ArgumentException e)
        {
            failures.Add(e.Message);
        }
    }
}
