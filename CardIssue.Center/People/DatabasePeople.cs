using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.People;

/// <summary>People's accounts in the center's store.</summary>
public sealed class DatabasePeople : IPeople
{
    /// <summary>The most passwords that a center looks at or makes at once: each takes memory and time on purpose.</summary>
    internal const int MaxAtOnce = CenterDatabase.MaxPasswords;

    private readonly CenterDatabase _database;
    private readonly IRecordKeys _keys;
    private readonly PeopleOptions _options;

    /// <summary>Uses an open store and an open vault.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range.</exception>
    public DatabasePeople(CenterDatabase database, IRecordKeys keys, PeopleOptions options)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (_database, _keys, _options) = (database, keys, options);
    }

    /// <inheritdoc/>
    public Task<bool> AnyAsync(CancellationToken cancellation = default) =>
        _database.ReadAsync(HasAny, cancellation);

    /// <inheritdoc/>
    public async Task<PersonOutcome> BeginAsync(IReadOnlyList<FirstPerson> first, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(first);
        var fits = first.Count is >= IPeople.MinFirst and <= IPeople.MaxPeople && first.Select(person => person.Name).Distinct().Count() == first.Count
            && first.All(person => PasswordVerifier.Fault(person.Name, person.Password, _options) is PasswordFault.None);
        if (!fits) return PersonOutcome.DoesNotFit;
        if (!_keys.MayBeginPeople || await AnyAsync(cancellation).ConfigureAwait(false)) return PersonOutcome.WrongState;
        // What the log says of them is worth as much as the log.
        if (!await _database.ReadAsync(_database.IsWhole, cancellation).ConfigureAwait(false))
            throw new StoreException(StoreFault.Altered, "The log was changed; people can't begin on it. See log verify --vault, and restore the latest backup.");
        var verifiers = new ByteString[first.Count];
        for (var i = 0; i < verifiers.Length; i++) verifiers[i] = await MakeAsync(first[i].Name, first[i].Password, cancellation).ConfigureAwait(false);
        var outcome = await _database.WriteAsync(transaction =>
        {
            // A vault of a version before does not know yet that people have begun; then its log does.
            if (HasAny(transaction) || WasBegun(transaction)) return PersonOutcome.WrongState;
            for (var i = 0; i < verifiers.Length; i++)
                new PersonRow(first[i].Name, PersonRoles.Supervisor | PersonRoles.KeyCustodian, verifiers[i], IsOneTime: false, IsLocked: false, Stamp()).Add(transaction, _keys);
            transaction.Log(ConsoleLog.Of(Begun, new { people = first.Select(person => person.Name.Value) }));
            return PersonOutcome.Done;
        }, cancellation).ConfigureAwait(false);
        // Afterwards: were the vault first, a stop in between would leave a center that nobody can begin at. The first login makes up for
        // one here.
        _keys.EndBeginningPeople();
        return outcome;
    }

    /// <inheritdoc/>
    public async Task<PersonAuthentication> AuthenticateAsync(PersonName name, SecretBytes password, string purpose, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(password);
        ArgumentException.ThrowIfNullOrEmpty(purpose);
        var outcome = await VerifiedAsync<PersonAuthentication>(name, password, (transaction, person) =>
        {
            if (person.IsOneTime) return new PersonAuthentication.MustChange();
            transaction.Log(ConsoleLog.Of("LoggedIn", new { person = person.Name.Value, @for = purpose }));
            return new PersonAuthentication.Granted(new CenterPerson(person.Name, person.Roles, _database.StoreId, person.Issuer));
        }, isLocked => isLocked ? new PersonAuthentication.Locked() : new PersonAuthentication.Refused(), cancellation).ConfigureAwait(false);
        if (outcome is PersonAuthentication.Granted) _keys.EndBeginningPeople();
        return outcome;
    }

    /// <inheritdoc/>
    public async Task<PasswordFault> ChangePasswordAsync(PersonName name, SecretBytes old, SecretBytes password, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordVerifier.Fault(name, password, _options) is not PasswordFault.None and var fault) return fault;
        if (old.FixedTimeEquals(password.Span)) return PasswordFault.Same;
        var verifier = await MakeAsync(name, password, cancellation).ConfigureAwait(false);
        return await VerifiedAsync(name, old, (transaction, person) =>
        {
            (person with { Verifier = verifier, IsOneTime = false, Changed = Stamp() }).Save(transaction, _keys);
            transaction.Log(ConsoleLog.Of("PasswordChanged", new { person = person.Name.Value }));
            return PasswordFault.None;
        }, isLocked => isLocked ? PasswordFault.Locked : PasswordFault.Refused, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<PersonOutcome> LockAsync(PersonName name, CenterPerson by, CancellationToken cancellation = default)
    {
        _database.Check(by);
        return await _database.WriteAsync(transaction =>
        {
            if (!by.MayNow(transaction, PersonRoles.Supervisor, by.Issuer)) return PersonOutcome.NotAllowed;
            if (PersonRow.Find(transaction, _keys, name) is not { } person || !by.IsFor(person.Issuer)) return PersonOutcome.NotFound;
            if (person.IsLocked) return PersonOutcome.WrongState;
            var outcome = PersonChanges.Save(transaction, _keys, person with { IsLocked = true, Changed = Stamp() });
            if (outcome is PersonOutcome.Done) transaction.Log(ConsoleLog.Of("PersonLocked", new { person = by.Name.Value, locked = person.Name.Value }));
            return outcome;
        }, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PersonRecord>> ListAsync(CancellationToken cancellation = default) => await _database.ReadAsync(
        view => PersonRow.All(view, _keys).ConvertAll(person => person.ToRecord(_options, _database.Now)), cancellation).ConfigureAwait(false);

    /// <summary>The entry of the log that people began with.</summary>
    private const string Begun = "PeopleBegun";

    private static bool HasAny(StoreView view) => view.Number("SELECT count(*) FROM (SELECT 1 FROM people LIMIT 1) AS one") > 0;

    private static bool WasBegun(StoreView view) => view.Number(
        "SELECT count(*) FROM (SELECT 1 FROM log_entries WHERE kind = $begun LIMIT 1) AS one", ("$begun", Begun)) > 0
        // Somebody archived it.
        || LogAnchors.All(view).Count > 0;

    /// <summary>
    /// Counts a try, looks at the password outside of any transaction, for that is slow on purpose, and carries on with a right one. Locked or not known, the
    /// work is the same.
    /// </summary>
    private async Task<T> VerifiedAsync<T>(
        PersonName name, SecretBytes password, Func<StoreTransaction, PersonRow, T> carryOn, Func<bool, T> refuse, CancellationToken cancellation)
    {
        var (counted, isLocked) = await _database.WriteAsync(transaction => CountTry(transaction, name), cancellation).ConfigureAwait(false);
        var verifier = counted is not null && !isLocked ? counted.Verifier : PasswordVerifier.Decoy(_keys, name, _options.Cost);
        var fits = await _database.Passwords.RunAsync(() => PasswordVerifier.Fits(_keys, name, password, verifier), cancellation).ConfigureAwait(false);
        return await _database.WriteAsync(transaction =>
        {
            var person = fits && !isLocked ? PersonRow.Find(transaction, _keys, name) : null;
            // Changed or locked by somebody while the password was looked at: that counts.
            if (person is null || person.IsLocked || person.Verifier != verifier)
            {
                RefusedLogins.Count(transaction, counted?.Name, isLocked ? "locked" : counted is null ? "unknown" : "wrong", _database.Now);
                return refuse(isLocked);
            }
            transaction.Execute("UPDATE people SET tries = 0, tried_at = NULL WHERE lower(person) = lower($person)", ("$person", person.Name.Value));
            RefusedLogins.Tell(transaction, person.Name, "before", _database.Now);
            return carryOn(transaction, person);
        }, cancellation).ConfigureAwait(false);
    }

    private (PersonRow? Person, bool IsLocked) CountTry(StoreTransaction transaction, PersonName name)
    {
        if (PersonRow.Find(transaction, _keys, name) is not { } person) return (null, false);
        if (person.IsLocked || person.ShutUntil(_options, _database.Now) is not null) return (person, true);
        var before = person.Tried + _options.LockTime > _database.Now ? person.Tries : 0;
        transaction.Execute("UPDATE people SET tries = $tries, tried_at = $now WHERE lower(person) = lower($person)",
            ("$tries", before + 1), ("$now", _database.Now), ("$person", person.Name.Value));
        if (before + 1 == _options.MaxTries)
            transaction.Log(ConsoleLog.Of("LastTry", new { person = person.Name.Value, tries = before + 1, shutUnlessRight = _options.LockTime }));
        return (person, false);
    }

    private Task<ByteString> MakeAsync(PersonName name, SecretBytes password, CancellationToken cancellation) =>
        _database.Passwords.RunAsync(() => PasswordVerifier.Make(_keys, name, password, _options.Cost), cancellation);

    /// <summary>As the store keeps it: it is under the HMAC.</summary>
    private DateTimeOffset Stamp() => _database.Now.Stored();
}
