import Model

/// Rule files that use every key and every form of every key.
enum RulesEveryKey {
    /// What they are read over.
    static let floor = Limits(prices: PriceList(currency: "EUR", plans: [2: Money(micros: 5_000_000)]))

    /// What this version runs, in long forms and short ones.
    static let supported = #"""
        version: 1
        vars: {pool: web, sizes: [1, 2.5, "3"], nothing: null, deep: {a: {b: true}}, odd: "a: b # c\n\u0001'\""}
        rules:
          - name: everything
            description: "Says: everything"
            enabled: false
            vars: {own: 1, pool: api}
            trigger: {source: alertmanager, status: problem}
            when:
              - event.labels.alertname == "Host's \"down\""
              - event.labels.pool == vars.pool || vars.own == 1
            when_server: server.status == "active"
            for: 1m30s
            target: event.labels.instance
            probe: {http: {scheme: https, port: 8443, path: "/healthz?a=b"}}
            healthy_delay: 3m
            limits:
              cooldown: 1h
              budgets: {max: 1, per: 1d}
              max_concurrent: 1
              max_unhealthy: 30%
              max_event_age: 5m
              settle: 90s
            autonomy: approve
            approval:
              approvers: {users: [U2, U1, 7]}
              required: 2
              self_approval: true
              timeout: 1h
              via: ops
              message: 'Reboot ${{ server.name }}?'
            start_stopped: false
            escalation:
              - timeout: 10m
                actions:
                  - id: hook
                    action: http.request
                    if: server.name != "a"
                    timeout: 5s
                    retry: {attempts: 4, initial_delay: 2s, max_delay: 1m, statuses: [503]}
                    expect: {status: [200, 409]}
                    with:
                      method: PUT
                      url: https://api.example.com/v1/${{ server.name }}?x=${{ event.labels.a }}
                      headers: {Authorization: "Bearer ${{ secrets.TOKEN }}", X-Id: 5}
                      query: {a: "${{ event.labels.a }}", b: c}
                      json:
                        title: 'a: ${{ event.labels.a }}'
                        n: ${{ server.id }}
                        list: [1, 2.5, null, true, "${{ secrets.TICKETS }}", "$${{ literal"]
                        empty: {}
                  - server.reboot
              - timeout: 15m
                actions:
                  - {action: server.power_cycle}
                  - {action: http.request, retry: 3, expect: 204, with: {url: "https://a.example", body: "${{ secrets.TOKEN }}"}}
                  - {action: http.request, expect: [200, 201], with: {url: "https://a.example"}}
                  - {action: pause, with: {reason: "${{ event.source }}: ${{ server.name }}", scope: server}}
              - actions: [{action: notify, with: {channel: oncall, text: "down\n${{ server.id }}"}, if: "true"}]
          - name: stops
            trigger: alertmanager
            when: true
            autonomy: auto
            actions:
              - {action: pause, with: {reason: all of it}}
              - {action: pause, with: {reason: one rule, for: 2h, scope: {rule: short}}}
              - {action: pause, with: {reason: all again, scope: all}}
          - name: short
            trigger: alertmanager
            when: true
            target: 5
            probe: {http: /healthz}
            actions: [server.reboot]
          - name: tcp
            trigger: alertmanager
            when: [true]
            target: "'web-1'"
            probe: {tcp: 22}
            approval: {approvers: [U1]}
            actions: [server.reboot]
          - name: tells
            trigger: alertmanager
            when: true
            group_by: event.labels.pool
            actions: [{action: notify, with: {channel: ops, text: 5}}]
          - name: up
            trigger: alertmanager
            when: true
            group_by: event.labels.pool
            fleet: server.name.startsWith(vars.pool + "-")
            autonomy: auto
            actions:
              - id: scale
                action: fleet.scale
                wait_for: {status: active, timeout: 5m}
                with:
                  min: 2
                  max: 6
                  delta: 2
                  template:
                    name: ${{ vars.pool }}-${{ slot }}
                    plan_id: 2
                    os_id: ${{ 5 }}
                    location: us-west
                    hostname: ${{ vars.pool }}-${{ slot }}.example.com
                    ssh_key_id: 7
                    backups_enabled: false
              - {action: notify, with: {channel: ops, text: "${{ steps.scale.before }} -> ${{ steps.scale.after }}"}}
          - name: down
            trigger: alertmanager
            when: true
            fleet: {select: 'server.name.startsWith("web-")', delete: bridge-created}
            autonomy: auto
            actions:
              - action: fleet.scale
                wait_for: active
                with:
                  min: 2
                  max: 6
                  delta: -1
                  victim: server.created_at
                  drain:
                    id: out
                    action: http.request
                    retry: 2
                    with: {method: POST, url: "https://lb.example.com/drain/${{ victim.name }}"}
          - name: oldest
            trigger: alertmanager
            when: true
            fleet: server.name.startsWith("web-")
            actions: [{action: fleet.scale, with: {min: 2, max: 6, delta: -1, victim: oldest}}]
          - name: command
            trigger:
              source: slack
              command: /vps reboot
              args:
                - {name: server, type: string, required: true, max_length: 63, pattern: '^[a-z0-9][a-z0-9.-]*$'}
                - {name: count, type: int, default: 3}
                - {name: reason, default: "yes"}
                - {name: force, type: bool}
            permissions: {users: [U1], channels: [C1]}
            target: args.server
            autonomy: auto
            actions: [server.stop]
            reply: 'stopping ${{ args.server }}'
          - name: rebuild
            trigger: alertmanager
            when: true
            target: event.labels.instance
            fleet: {select: server.name.startsWith("web-"), delete: bridge-created}
            limits: {creates: {max_per_day: 2, max_per_month: 5, max_cost_per_month: 25.50}}
            escalation:
              - timeout: 10m
                actions:
                  - {id: all, action: server.list, retry: 3, with: {status: active, location: "${{ event.labels.a }}"}}
                  - server.list
                  - {id: one, action: server.get, wait_for: {status: stopped, timeout: 2m}}
                  - server.get
                  - id: made
                    action: server.create
                    wait_for: {status: active, timeout: 5m}
                    with: {name: "web-${{ run.short_id }}", plan_id: 2, os_id: 5, location: "us-west"}
                  - {action: http.request, with: {url: "https://a.example/${{ steps.made.server.name }}/${{ steps.all.count }}"}}
              - {timeout: 10m, actions: [{action: server.replace, with: {name: a, hostname: b, backups_enabled: true}}]}
              - {timeout: 10m, actions: [{action: server.update, with: {name: "${{ server.name }}-old"}}]}
              - {actions: [server.delete]}
          - name: other
            trigger: {source: slack, command: vps start}
            permissions: {users: [U1]}
            target: '"web-1"'
            actions: [server.start]
            reply: {accepted: starting, skipped: nothing was started, failed: it did not start}
          - name: nightly
            trigger: {schedule: "*/5 8-18/2 1,15 jan-MAR mon-fri", timezone: "+02:00"}
            target: vars.night
            vars: {night: web-1}
            start_stopped: true
            approval: {approvers: {groups: [ops]}}
            limits: {after: {oldest: 30m}}
            actions:
              - {action: http.request, with: {url: "https://example.com/"}}
              - {action: wait, with: {for: 5m}}
              - server.power_cycle
          - name: still-down
            trigger: {source: alertmanager, status: problem}
            when: event.labels.alertname == "Down"
            while_firing: {every: 10m, max: 3}
            target: event.labels.instance
            actions: [server.reboot]
          - name: over
            trigger: {source: alertmanager, status: any}
            when: true
            actions: [{action: notify, with: {channel: ops, text: "${{ event.status }}"}}]
          - name: grouped
            trigger: {source: slack, command: vps grouped}
            permissions: {groups: [ops]}
            actions: [{action: notify, with: {channel: ops, text: hello}}]
        """#
}
