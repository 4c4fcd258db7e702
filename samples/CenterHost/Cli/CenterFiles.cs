using CardIssue.Center.Storage;
using CardIssue.Center.Vault;

namespace CardIssue.CenterHost.Cli;

/// <summary>What is where in a center's directory.</summary>
internal sealed class CenterFiles(string directory)
{
    public const string VaultName = "vault.json";

    private const string IdentityName = "center.json", SettingsName = "centerhost.json";

    public string Directory => directory;

    /// <summary>The public identity, for terminals and auditors.</summary>
    public string Identity => Path.Combine(directory, IdentityName);

    public string Vault => Path.Combine(directory, VaultName);

    /// <summary>Held while the center is served, so that it is served once.</summary>
    public string Lock => Path.Combine(directory, "serve.lock");

    /// <summary>How the host that serves stands.</summary>
    public string Health => Path.Combine(directory, "health.json");

    /// <summary>Writes the public identity, in the place of one that is there, and beside it the center's keys that have ended, for auditors.</summary>
    public Task WriteIdentityAsync(IKeyVault vault, CancellationToken cancellation) => Task.Run(
        () =>
        {
            foreach (var former in (vault as FileKeyVault)?.FormerKeys ?? []) WholeFile.Replace(Path.Combine(directory, former.FileName), former.Write());
            WholeFile.Replace(Identity, vault.Identity.Write());
        }, cancellation);

    /// <summary>The center's keys that have ended, as the files beside the public identity say.</summary>
    public IReadOnlyList<FormerCenterKeys> ReadFormerKeys() =>
        System.IO.Directory.Exists(directory) ? [.. System.IO.Directory.EnumerateFiles(directory, FormerCenterKeys.FilePattern).Select(ReadFormerKeys)] : [];

    /// <summary>Such a file.</summary>
    public static FormerCenterKeys ReadFormerKeys(string path) => FormerCenterKeys.Read(InputFile.ReadAll(path, 1024 * 1024), path);

    /// <summary>Whether a process of this machine serves this directory. Several may ask at once, and none takes the lock for that.</summary>
    public bool IsServed()
    {
        try
        {
            using var look = new FileStream(Lock, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Optional settings.</summary>
    public string Settings => Path.Combine(directory, SettingsName);

    /// <summary>What belongs into a backup besides the store, by its name there, and where it is.</summary>
    public Dictionary<string, string> BackupPlaces() => new() { [VaultName] = Vault, [IdentityName] = Identity, [SettingsName] = Settings };

    /// <summary>Of that, what is there.</summary>
    public Dictionary<string, string> BackedUp() => BackupPlaces().Where(place => InputFile.IsThere(place.Value)).ToDictionary();

    /// <summary>Makes a file that only its owner can read; never writes over one.</summary>
    public static FileStream CreatePrivate(string path) => WholeFile.Create(path, ownerOnly: true);

    /// <summary>Makes the directory, for its owner only.</summary>
    public void MakeDirectory()
    {
        if (OperatingSystem.IsWindows()) System.IO.Directory.CreateDirectory(directory);
        else System.IO.Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
