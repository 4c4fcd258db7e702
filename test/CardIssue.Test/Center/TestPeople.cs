using System.Security.Cryptography;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

// In the root, so that every test sees them.
namespace CardIssue.Test;

/// <summary>A vault's key for accounts and approvals, without the vault.</summary>
internal sealed class TestRecordKeys(byte key = 7) : IRecordKeys
{
    public bool MayBeginPeople { get; private set; } = true;

    public void EndBeginningPeople() => MayBeginPeople = false;

    /// <summary>Is told what an HMAC is made of.</summary>
    public Action<byte[]>? WhenMaking { get; set; }

    public byte[] MacRecord(ReadOnlySpan<byte> record)
    {
        WhenMaking?.Invoke(record.ToArray());
        return HMACSHA256.HashData([key], record);
    }
}

/// <summary>People who are known without a password, for tests of what they do.</summary>
internal static class TestPeople
{
    public static CenterPerson Of(CenterDatabase database, string name = "ann", PersonRoles roles = PersonRoles.Any) => new(new PersonName(name), roles, database.StoreId);

    /// <summary>Gives people accounts that no password fits.</summary>
    public static async Task AddAsync(CenterDatabase database, IRecordKeys keys, params (string Name, PersonRoles Roles)[] people)
    {
        // Where all are there already nothing is committed: tests count commits.
        var missing = await database.ReadAsync(view => people.Where(it => PersonRow.Find(view, keys, new PersonName(it.Name)) is null).ToList(), default);
        if (missing.Count == 0) return;
        await database.WriteAsync(transaction =>
        {
            foreach (var (name, roles) in missing)
                new PersonRow(new PersonName(name), roles, ByteString.Copy([1]), false, false, DateTimeOffset.FromUnixTimeMilliseconds(1)).Add(transaction, keys);
            return true;
        }, default);
    }
}

/// <summary>The vault as tests of other things use it: two people agreed on what is done to a key.</summary>
internal static class TestVault
{
    public static CeremonyRefusal Complete(this FileKeyVault vault, string keySet, byte keyVersion, ByteString checkValue)
    {
        var algorithm = vault.Ceremonies.Where(ceremony => ceremony.KeySet == keySet && ceremony.KeyVersion == keyVersion).Select(ceremony => ceremony.Algorithm).FirstOrDefault();
        return vault.Complete(keySet, keyVersion, checkValue, new KeyApproval(new KeyDeed.Make(keySet, keyVersion, checkValue, algorithm)));
    }

    public static bool Destroy(this FileKeyVault vault, string keySet, byte keyVersion)
    {
        var key = vault.CardMasterKeys.FirstOrDefault(key => key.KeySet == keySet && key.KeyVersion == keyVersion);
        return vault.Destroy(keySet, keyVersion, new KeyApproval(new KeyDeed.Destroy(keySet, keyVersion, key?.CheckValue ?? default)));
    }

    public static bool DestroyOrderFileKey(this FileKeyVault vault, int version)
    {
        var key = vault.OrderFileKeys.FirstOrDefault(key => key.Version == version);
        return vault.DestroyOrderFileKey(version, new KeyApproval(new KeyDeed.DestroyOrderFileKey(version, key?.Fingerprint ?? default)));
    }
}

/// <summary>The registry of terminals as tests of other things use it: somebody does it, and another approved it.</summary>
internal static class TestRegistry
{
    public static async Task PutAsync(this DatabaseTerminalRegistry registry, TerminalRecord terminal)
    {
        if (await registry.PutAsync(terminal, await ByAsync(registry)) is TerminalChange.Done) return;
        await registry.Database.WriteAsync(transaction => TerminalTable.Put(transaction, terminal, registry.Database.Now), default);
    }

    public static Task<bool> EnableAsync(this DatabaseTerminalRegistry registry, TerminalId terminal, bool enabled) =>
        registry.Database.WriteAsync(transaction => TerminalTable.Enable(transaction, terminal, enabled, registry.Database.Now) == 1, default);

    public static async Task<bool> SetReadersAsync(this DatabaseTerminalRegistry registry, TerminalId terminal, IReadOnlyList<ReaderRecord> readers) =>
        await registry.SetReadersAsync(terminal, readers, await ByAsync(registry)) is TerminalChange.Done;

    public static async Task PutLineAsync(this DatabaseTerminalRegistry registry, LineRecord line) => await registry.PutLineAsync(line, await ByAsync(registry));

    public static async Task<bool> RemoveLineAsync(this DatabaseTerminalRegistry registry, LineNumber line) =>
        await registry.RemoveLineAsync(line, await ByAsync(registry)) is TerminalChange.Done;

    public static async Task<ReaderDecision> ApproveReaderAsync(this DatabaseTerminalRegistry registry, long id, bool letInWithoutIdentity) =>
        await registry.ApproveReaderAsync(id, letInWithoutIdentity, await ByAsync(registry), "");

    public static async Task<ReaderDecision> DeclineReaderAsync(this DatabaseTerminalRegistry registry, long id, string note) => await registry.DeclineReaderAsync(id, note, await ByAsync(registry));

    /// <summary>Somebody with an account, which is made where a test has none.</summary>
    private static async Task<CenterPerson> ByAsync(DatabaseTerminalRegistry registry)
    {
        var ann = TestPeople.Of(registry.Database);
        if (!await registry.Database.ReadAsync(view => PersonRow.May(view, ann.Name, PersonRoles.Any), default))
            await TestPeople.AddAsync(registry.Database, new TestRecordKeys(), (ann.Name.Value, PersonRoles.Any));
        return ann;
    }
}
